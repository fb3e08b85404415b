#include "../kernel.h"

int f(int x)
{
	asm volatile("1: nop\n"
		     "2: nop\n"
		     "3: nop\n"
		     ".pushsection __ex_table, \"a\"\n"
		     ".long 1b - ., 2b - ., 1\n"
		     ".popsection");
	return ask(x);
}

int g(int x)
{
	MAY_FAULT("mov (%%rax), %%rax", "xor %%eax, %%eax");
	return ask(x);
}
