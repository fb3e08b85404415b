#include "../kernel.h"

int f(int x)
{
	DEBUG("the value");
	return ask(x);
}

int g(int x)
{
	DEBUG("same");
	return ask(x);
}
