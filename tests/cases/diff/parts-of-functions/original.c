#include "../kernel.h"

static int part(int *x)
{
	if (!*x)
		return 0;
	for (int i = 0; i < *x; i++)
		ask(ask(ask(i)) + ask(ask(i + 1)) * ask(ask(i + 2)) + ask(ask(i + 4)));
	return ask(3) + ask(ask(5)) * ask(ask(6)) + ask(ask(ask(7)));
}

int f(int *x)
{
	return part(x) + 1;
}

int g(int *x)
{
	return part(x) + 2;
}

struct pair {
	int a, b;
};

static NOINLINE int sum(const struct pair *pair)
{
	return ask(pair->a * pair->b) + 1;
}

int h(const struct pair *pair)
{
	return sum(pair) + 1;
}
