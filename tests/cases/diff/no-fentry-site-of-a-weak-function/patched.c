#include "../kernel.h"

NOTRACE __attribute__((weak)) int quiet(int x)
{
	return ask(x) + 1;
}

int f(int x)
{
	return quiet(x) + 1;
}
