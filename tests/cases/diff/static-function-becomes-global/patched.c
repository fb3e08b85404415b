#include "../kernel.h"

NOINLINE __attribute__((noclone)) int g(int x)
{
	return ask(x) + elsewhere;
}

int f(int x)
{
	return g(x) + ask(g(x + 1));
}
