#include "../kernel.h"

int before(int x)
{
	static int count, other;

	return ask(count -= x) + ask(other ^= x);
}

int f(int x)
{
	static int count;

	return ask(count += x);
}
