#include "../kernel.h"

static NOTRACE int quiet(int x)
{
	return ask(x) + 1;
}

static NOTRACE int silent(int x)
{
	return quiet(x) * 2;
}

int f(int x)
{
	return silent(x) + 1;
}
