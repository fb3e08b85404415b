#include "../kernel.h"

NOINLINE int f(int x)
{
	return ask(x) + 1;
}
asm(".section \"___ksymtab+f\", \"a\"\n.long f - .\n.long 0, 0\n.text");

int g(int x)
{
	return f(x);
}
