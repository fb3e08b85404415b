#include "../kernel.h"

static NOTRACE int quiet(int x)
{
	return ask(x);
}

int f(int x)
{
	return use(quiet) + quiet(x);
}
