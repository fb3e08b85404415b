#include "../kernel.h"

int f(int x)
{
	/* One line more. */ if (x < 0)
		BUG();
	return ask(x);
}
