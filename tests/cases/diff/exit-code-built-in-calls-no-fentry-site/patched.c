#include "../kernel.h"

static NOTRACE int quiet(int x)
{
	return ask(x) + 1;
}

int f(int x)
{
	return quiet(x) + 1;
}

IN(".exit.text") int stop(int x)
{
	return quiet(x) - 1;
}
