#include "../kernel.h"

int f(int x)
{
	if (x < 0) {
		fail("negative");
		return ask(1);
	}
	return ask(x);
}
