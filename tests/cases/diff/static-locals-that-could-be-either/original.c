#include "../kernel.h"

int f(int x)
{
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
