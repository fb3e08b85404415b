#include "../kernel.h"

int f(int x)
{
	if (x < 0)
		BUG();
	return ask(x);
}
