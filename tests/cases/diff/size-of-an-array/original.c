#include "../kernel.h"

int table[4];

int f(int x)
{
	return ask(table[x]);
}
