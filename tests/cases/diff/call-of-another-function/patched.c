#include "../kernel.h"

int f(int x)
{
	return use(&elsewhere);
}
