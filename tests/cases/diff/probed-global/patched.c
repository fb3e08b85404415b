#include "../kernel.h"

NOTRACE int quiet(int x)
{
	return ask(x) + 1;
}

int f(int x)
{
	return quiet(x) + 1;
}
