#include "a.h"

int old_one(void)
{
	return 1;
}
