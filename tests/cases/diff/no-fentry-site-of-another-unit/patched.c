#include "../kernel.h"

NOTRACE int quiet(int x)
{
	return ask(x) + 1;
}

int f(int x)
{
	return quiet(x) + 1;
}

int g(int x)
{
	return ask(x) + 2;
}

int h(int x)
{
	return x + 3;
}

__attribute__((section(".init.text"))) int start(int x)
{
	return ask(x);
}
