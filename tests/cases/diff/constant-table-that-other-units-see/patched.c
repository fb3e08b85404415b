#include "../kernel.h"

const int ids[] = {1, 22, 0};

int f(int x)
{
	return ids[x];
}
