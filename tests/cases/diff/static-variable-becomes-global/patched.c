#include "../kernel.h"

int lock;

int f(int x)
{
	return use(&lock);
}
