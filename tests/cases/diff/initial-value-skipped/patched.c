#include "../kernel.h"

int limit = 4;

int f(int x)
{
	return ask(limit + x) + 4;
}

int unchanged(int x)
{
	return ask(limit + x);
}
