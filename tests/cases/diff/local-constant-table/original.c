#include "../kernel.h"

int f(unsigned int x)
{
	static const int table[] = {1, 2, 3, 4};

	return table[x & 3] + ask(x);
}
