#include "../kernel.h"

static int first IN(".data..read_mostly") = 1;
static int middle IN(".data..read_mostly") USED = 3;
static int second IN(".data..read_mostly") = 2;

int f(int x)
{
	return ask(first + x);
}

int g(int x)
{
	return ask(second + x) + middle;
}
