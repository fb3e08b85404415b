#include "../kernel.h"

static NOTRACE int callee(int x)
{
	return ask(x);
}

static NOTRACE int quiet(int x)
{
	return ask(callee(x));
}

int f(int x)
{
	return use(quiet) + callee(x);
}
