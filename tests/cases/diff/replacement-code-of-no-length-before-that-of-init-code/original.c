#include "../kernel.h"

int f(int x)
{
	ALTERNATIVE("nop", "", 7);
	return ask(x);
}

INIT int start(int x)
{
	ALTERNATIVE("nop; 5: nop", "jmp 5b", 7);
	return ask(x);
}
