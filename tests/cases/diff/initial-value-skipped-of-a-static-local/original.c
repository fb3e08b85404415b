#include "../kernel.h"

int f(int x)
{
	static int limit = 3;

	return ask(limit++ + x);
}
