#include "../kernel.h"

int limit;

int f(int x)
{
	return ask(limit + x);
}
