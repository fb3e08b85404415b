#include "../kernel.h"

int f(int x)
{
	return MESSAGE("it is too long");
}

int g(int x)
{
	return MESSAGE("same");
}
