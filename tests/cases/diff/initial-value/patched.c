#include "../kernel.h"

int limit = 4;

int f(int x)
{
	return ask(limit + x);
}
