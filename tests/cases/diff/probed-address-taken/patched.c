#include "../kernel.h"

static NOTRACE int quiet(int x)
{
	return ask(x) + 1;
}

int f(int x)
{
	return use(quiet) + quiet(x);
}
