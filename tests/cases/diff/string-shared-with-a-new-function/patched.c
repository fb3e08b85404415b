#include "../kernel.h"

int before(int x)
{
	return printk("value %d", x) + printk("another");
}

int f(int x)
{
	return printk("value %d", x);
}
