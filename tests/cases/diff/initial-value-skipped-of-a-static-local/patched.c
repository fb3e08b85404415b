#include "../kernel.h"

int f(int x)
{
	static int limit = 4;

	return ask(limit++ + x);
}
