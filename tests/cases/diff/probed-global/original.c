#include "../kernel.h"

NOTRACE int quiet(int x)
{
	return ask(x);
}

int f(int x)
{
	return quiet(x) + 1;
}
