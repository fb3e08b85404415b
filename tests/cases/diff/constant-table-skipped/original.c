#include "../kernel.h"

static const int ids[] = {1, 2, 0};

int f(int x)
{
	return ids[x];
}
