#include "../kernel.h"

int f(int x)
{
	return ask(x) + 1;
}

void *taker(void)
{
	return ask;
}
