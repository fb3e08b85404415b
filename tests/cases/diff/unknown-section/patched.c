#include "../kernel.h"

int f(int x)
{
	asm volatile("1: nop\n.pushsection __sites, \"a\"\n.quad 1b\n.popsection");
	return ask(x) + 1;
}
