#include "../kernel.h"

int f(int x)
{
	DEBUG("value");
	return ask(x);
}
