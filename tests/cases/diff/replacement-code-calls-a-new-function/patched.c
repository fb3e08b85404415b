#include "../kernel.h"

static USED NOINLINE void helper(void)
{
	ask(3);
}
static USED NOINLINE void slow(void)
{
	ask(4);
}

int f(int x)
{
	ALTERNATIVE("call helper", "call slow", 7);
	return ask(x);
}
