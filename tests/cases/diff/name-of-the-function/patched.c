#include "../kernel.h"

int before(int x)
{
	return use(__func__) + 1;
}

int f(int x)
{
	return use(__func__);
}
