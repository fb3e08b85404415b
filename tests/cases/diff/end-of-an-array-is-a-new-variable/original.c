#include "../kernel.h"

static int after IN(".data..read_mostly") USED = 5;
static int table[3] IN(".data..read_mostly") = {1, 2, 3};

int f(void)
{
	int sum = 0;

	for (int *at = table; at < table + 3; at++)
		sum += ask(*at);
	return sum;
}
