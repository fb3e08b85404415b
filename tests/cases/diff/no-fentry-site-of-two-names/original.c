#include "../kernel.h"

NOTRACE int quiet(int x)
{
	return ask(x);
}

int loud(int x) __attribute__((alias("quiet")));

int f(int x)
{
	return quiet(x) + 1;
}
