#include "../kernel.h"

int f(int x)
{
	ALTERNATIVE("nop", "", 7);
	return ask(x);
}

int g(int x)
{
	ALTERNATIVE("nop", "sfence", 7);
	return ask(x);
}
