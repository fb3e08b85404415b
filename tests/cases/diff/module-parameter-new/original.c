#include "../kernel.h"

int f(int x)
{
	return ask(x);
}

static int limit;
static const void *const __param_limit IN("__param") USED = &limit;
