#include "../kernel.h"

static inline int limit(int x)
{
	return x > 10 ? 10 : x;
}

int f(int x)
{
	return ask(limit(x));
}

int g(int x)
{
	return limit(ask(x));
}

int h(int x)
{
	return ask(x);
}
