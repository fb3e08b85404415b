#include "../kernel.h"

int f(int x)
{
	DEBUG("value");
	return ask(x);
}

int g(int x)
{
	DEBUG("same");
	return ask(x);
}
