#include "../kernel.h"

int f(int x)
{
	return ask(x);
}

int g(int x)
{
	static int count;

	return ask(count += x);
}
