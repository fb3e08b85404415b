#include "../kernel.h"

static inline int half(int x)
{
	return ask(x) / 2;
}

#define DIRECT	1
#define TAKE(x) (DIRECT ? half(x) : use(half))

int f(int x)
{
	return TAKE(x) + 1;
}
