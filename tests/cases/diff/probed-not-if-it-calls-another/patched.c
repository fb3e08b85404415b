#include "../kernel.h"

NOINLINE int traced(int x)
{
	return ask(x) + 1;
}

static NOTRACE int quiet(int x)
{
	return ask(traced(x)) + 2;
}

int f(int x)
{
	return use(quiet);
}
