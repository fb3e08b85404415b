#include "../kernel.h"

static NOINLINE int half(int x)
{
	return ask(x) / 2;
}

#define DIRECT	0
#define TAKE(x) (DIRECT ? half(x) : use(half))

int f(int x)
{
	return TAKE(x) + 1;
}
