#include "../kernel.h"

static USED NOINLINE void helper(void)
{
	ask(3);
}
int f(int x)
{
	return ask(x);
}
