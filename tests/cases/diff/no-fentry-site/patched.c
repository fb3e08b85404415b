#include "../kernel.h"

static NOTRACE int quiet(int x)
{
	return ask(x) + 1;
}

int f(int x)
{
	return quiet(x) + 1;
}

int g(int x)
{
	return quiet(x) - 1;
}

int h(int x)
{
	return ask(x);
}
