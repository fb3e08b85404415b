#include "../kernel.h"

int f(int x)
{
	return printk("one %d", x);
}

int g(int x)
{
	return printk("same %d", x);
}
