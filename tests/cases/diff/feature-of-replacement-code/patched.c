#include "../kernel.h"

int f(int x)
{
	ALTERNATIVE("nop", "mfence", 8);
	return ask(x);
}
