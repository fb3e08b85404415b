#include "../kernel.h"

static NOINLINE int check(int x)
{
	return ask(x) ? ask(x + 1) : 0;
}

int f(int x)
{
	return check(x) + 1;
}
