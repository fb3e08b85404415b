#include "../kernel.h"

int f(int x)
{
	return ask(x) + 1;
}

static USED int spare(int x)
{
	return ask(x);
}
