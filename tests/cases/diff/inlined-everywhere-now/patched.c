#include "../kernel.h"

static inline int half(int x)
{
	return ask(x) / 2;
}

int f(int x)
{
	return half(x) + 1;
}

int g(int x)
{
	return half(x) - 1;
}
