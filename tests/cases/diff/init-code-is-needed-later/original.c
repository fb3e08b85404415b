#include "../kernel.h"

static INIT int prepare(int x)
{
	return ask(x) + 2;
}

int f(int x)
{
	return prepare(x) + 1;
}
