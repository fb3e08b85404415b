#include "../kernel.h"

int f(int x)
{
	return printk("value %d", x);
}
