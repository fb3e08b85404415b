#include "../kernel.h"

static const int table[] = {1, 2, 3, 4};

int f(unsigned int x)
{
	return table[x & 3] + ask(x);
}
