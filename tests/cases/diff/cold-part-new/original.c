#include "../kernel.h"

int f(int x)
{
	if (x < 0) {
		return ask(1);
	}
	return ask(x);
}
