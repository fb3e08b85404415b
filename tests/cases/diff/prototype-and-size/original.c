#include "../kernel.h"

struct thing {
	int (*start)(struct thing *);
	int value;
};

int f(struct thing *thing)
{
	return thing->start(thing) + thing->value;
}
