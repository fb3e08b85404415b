#include "../kernel.h"

asm(".text\nlabel: mov $2, %eax\nret");

int f(int x)
{
	return ask(x);
}
