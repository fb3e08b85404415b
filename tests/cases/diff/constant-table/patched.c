#include "../kernel.h"

static const int table[] = {1, 2, 33, 4};

int f(unsigned int x)
{
	return table[x & 3] + ask(x);
}
