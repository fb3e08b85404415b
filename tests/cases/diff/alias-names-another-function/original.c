#include "../kernel.h"

int f(int x)
{
	return ask(x);
}

int g(int x)
{
	return ask(x + 1);
}
extern int other_name(int x) __attribute__((alias("f")));
