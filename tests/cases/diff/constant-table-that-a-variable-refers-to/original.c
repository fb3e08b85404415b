#include "../kernel.h"

static const int ids[] = {1, 2, 0};

struct {
	const int *ids;
} driver = {ids};

int f(int x)
{
	return ids[x];
}
