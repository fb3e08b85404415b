#include "../kernel.h"

static int first(int x)
{
	return ask(x);
}

static const struct {
	int (*call)(int);
} operations = {first};

int f(int x)
{
	return use(&operations);
}
