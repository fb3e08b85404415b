#include "../kernel.h"

int f(int x)
{
	ALTERNATIVE("nop", "mfence", 7);
	return ask(x);
}
