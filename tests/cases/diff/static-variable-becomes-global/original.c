#include "../kernel.h"

static int lock;

int f(int x)
{
	return use(&lock);
}
