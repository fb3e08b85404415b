#include "../kernel.h"

int f(int x)
{
	static int count = 3;

	return ask(count += x);
}
