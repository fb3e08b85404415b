#include "../kernel.h"

static int first(int x)
{
	return ask(x);
}

static USED int second(int x)
{
	return ask(x + 1);
}

const struct {
	int (*call)(int);
} operations = {first};
