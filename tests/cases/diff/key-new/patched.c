#include "../kernel.h"

static int key;

int f(int x)
{
	return IS_ENABLED(&key) ? ask(x) : 0;
}

int g(int x)
{
	return ask(x);
}
