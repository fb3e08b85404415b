#include "../kernel.h"

static int limits[] = {1, 2, 3};

int f(int x)
{
	return use(limits + x);
}
