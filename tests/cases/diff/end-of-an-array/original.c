#include "../kernel.h"

static int table[3];
static int after;

int f(void)
{
	int sum = 0;

	for (int *at = table; at < table + 3; at++)
		sum += ask(*at);
	return sum;
}

int g(void)
{
	return ask(after++) + use(table);
}
