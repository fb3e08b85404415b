#include "../kernel.h"

int limit = 3;

int f(int x)
{
	return ask(limit + x) + 3;
}

int unchanged(int x)
{
	return ask(limit + x);
}
