#include "../kernel.h"

NOINLINE int f(int x)
{
	return ask(x);
}
int g(int x)
{
	return f(x) + 1;
}
