#include "../kernel.h"

INIT int called(int x)
{
	return ask(x) + 2;
}

INIT int listed(int x)
{
	return ask(x) + 2;
}

INIT int started(int x)
{
	return ask(x) + 2;
}

IN(".initcall6.init") USED static int (*const entry)(int) = started;
int (*const functions[])(int) = {listed};

int f(int x)
{
	return called(x) + 1;
}
