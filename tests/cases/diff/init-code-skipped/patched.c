#include "../kernel.h"

INIT int start(int x)
{
	return ask(x) + 1;
}

INIT int start_more(int x)
{
	return start(x) + 1;
}

int f(int x)
{
	return ask(x) + 2;
}
