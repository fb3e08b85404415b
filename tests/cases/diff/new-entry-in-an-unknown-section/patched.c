#include "../kernel.h"

static const int first IN("__things") USED = 1;
static const int second IN("__things") USED = 2;
int f(int x)
{
	return ask(x);
}
