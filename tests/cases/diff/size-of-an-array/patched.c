#include "../kernel.h"

int table[8];

int f(int x)
{
	return ask(table[x]);
}
