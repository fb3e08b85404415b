#include "../kernel.h"

NOINLINE int traced(int x)
{
	return ask(x);
}

static NOTRACE int quiet(int x)
{
	return ask(traced(x));
}

int f(int x)
{
	return use(quiet);
}
