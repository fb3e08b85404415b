#include "../kernel.h"

static NOINLINE int scale(int *x, int by)
{
	return by > 5 ? ask(*x) * by : use(x) / by;
}

int g(int x)
{
	return scale(&x, 7) + 2;
}

int h(int x)
{
	return scale(&x, 9) + 3;
}
