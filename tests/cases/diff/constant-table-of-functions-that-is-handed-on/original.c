#include "../kernel.h"

static int one(int x)
{
	return ask(x);
}

static const struct {
	int (*call)(int);
	int flags;
} operations = {one, 2};

int f(void)
{
	return use(&operations);
}
