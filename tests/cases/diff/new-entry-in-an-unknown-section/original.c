#include "../kernel.h"

static const int first IN("__things") USED = 1;

int f(int x)
{
	return ask(x);
}
