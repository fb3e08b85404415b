#include "../kernel.h"

int f(int x)
{
	if (x > 3)
		DEBUG("new");
	DEBUG("first");
	if (x)
		DEBUG("second");
	return ask(x);
}
