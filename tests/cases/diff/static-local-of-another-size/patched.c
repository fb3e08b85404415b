#include "../kernel.h"

int f(int x)
{
	static long count;

	return ask(count += x);
}
