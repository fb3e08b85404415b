#include "../kernel.h"

static int count;

int f(int x)
{
	return ask(count += x);
}
