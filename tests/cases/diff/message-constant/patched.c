#include "../kernel.h"

int f(int x)
{
	return MESSAGE("it is too large");
}

int g(int x)
{
	return MESSAGE("same");
}
