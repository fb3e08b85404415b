#include "../kernel.h"

struct thing {
	int (*walk)(struct thing *, int (*)(int), int);
};

int f(struct thing *thing)
{
	return thing->walk(thing, ask, 1);
}
