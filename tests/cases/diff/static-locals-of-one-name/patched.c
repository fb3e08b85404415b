#include "../kernel.h"

int f(int x)
{
	static int count;

	return ask(count += x);
}

int g(int x)
{
	static int count;

	return ask(count += x);
}
int h(int x)
{
	static int count;

	return ask(count += x);
}
