#include "../kernel.h"

int f(int x)
{
	return ask(x);
}

static int limit;
static const void *const __param_limit IN("__param") USED = &limit;
static int more;
static const void *const __param_more IN("__param") USED = &more;
