#include "../kernel.h"

struct thing {
	int (*start)(struct thing *);
};

static int new_start(struct thing *thing)
{
	return ask(7);
}

int f(struct thing *thing)
{
	return thing->start(thing);
}

void g(struct thing *thing)
{
	thing->start = new_start;
}
