#include "../kernel.h"

static const int limits[] = {1, 2, 3};

int f(int x)
{
	return use(limits + x);
}
