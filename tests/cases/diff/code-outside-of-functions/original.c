#include "../kernel.h"

asm(".text\nlabel: mov $1, %eax\nret");

int f(int x)
{
	return ask(x);
}
