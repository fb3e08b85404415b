#include "../kernel.h"

IN(".init.rodata") static const int values[] = {2, 3};

INIT int start(int x)
{
	return use(values) + x;
}
