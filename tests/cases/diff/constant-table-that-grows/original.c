#include "../kernel.h"

static const char *const names[] = {"one", "two"};

const char *f(int x)
{
	return names[x];
}

int find(int x)
{
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (use(names[i]) == x)
			return i;
	return -1;
}

int unchanged(int x)
{
	return ask(x);
}
