#include "../kernel.h"

int f(int x)
{
	return ask(x);
}

int g(int x)
{
	return ask(x) + 1;
}
asm(".pushsection .export_symbol, \"a\"\n__export_symbol_g: .quad g\n.popsection");
