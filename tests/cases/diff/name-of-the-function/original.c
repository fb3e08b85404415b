#include "../kernel.h"

int f(int x)
{
	return use(__func__);
}
