#include "../kernel.h"

int f(int x)
{
	return printk("two %d", x);
}

int g(int x)
{
	return printk("same %d", x);
}
