#include "../kernel.h"

int f(int x)
{
	int values[] = {1, 2, 33, 4, 5, 6, 7, 8, 9, 10, 11, 12};

	return use(values);
}
