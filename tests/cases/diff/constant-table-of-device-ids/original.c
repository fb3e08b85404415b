#include "../kernel.h"

static const int ids[] = {1, 2, 0};
extern const int __mod_dmi__ids_device_table[3] __attribute__((unused, alias("ids")));

int f(int x)
{
	return ids[x];
}
