#include "../kernel.h"

static const int ids[] = {1, 2, 0};

INIT int set_up(int x)
{
	return ids[x];
}

int f(int x)
{
	return ids[x];
}
