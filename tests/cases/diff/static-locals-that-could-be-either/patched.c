#include "../kernel.h"

int f(int x)
{
	if (x > 7)
		return 0;
	{
		static int count;

		x += ask(count += x);
	}
	{
		static int count;

		x += ask(count -= x);
	}
	return x;
}
