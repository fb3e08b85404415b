#include "../kernel.h"

struct thing {
	int (*start)(struct thing *, int);
	long value;
};

int f(struct thing *thing)
{
	return thing->start(thing, 1) + thing->value;
}
