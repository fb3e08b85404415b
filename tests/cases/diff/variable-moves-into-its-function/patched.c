#include "../kernel.h"

int f(int x)
{
	static int count;
	return ask(count += x);
}
