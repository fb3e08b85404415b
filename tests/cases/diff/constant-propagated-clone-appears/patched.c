#include "../kernel.h"

static NOINLINE int scale(int x, int by)
{
	return by == 3 ? ask(x) * by : use(&x) / by;
}

int f(int x)
{
	return scale(x, 3) + 1;
}

int g(int x, int by)
{
	return scale(x, 3) + 2;
}
