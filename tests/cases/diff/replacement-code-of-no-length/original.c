#include "../kernel.h"

int f(int x)
{
	ALTERNATIVE("nop", "", 7);
	return ask(x);
}

int g(int x)
{
	ALTERNATIVE("nop", "mfence", 7);
	return ask(x);
}
