#include "a.h"

int old_one(void)
{
	return 1;
}

int new_one(void)
{
	return 2;
}
