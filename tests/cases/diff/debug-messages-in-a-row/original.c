#include "../kernel.h"

int f(int x)
{
	DEBUG("first");
	if (x)
		DEBUG("second");
	return ask(x);
}
