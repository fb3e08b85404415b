#include "../kernel.h"

struct thing {
	void (*start)(struct thing *);
};

static void old_start(struct thing *thing)
{
	ask(7);
}

int f(struct thing *thing)
{
	thing->start(thing);
	return 0;
}

void g(struct thing *thing)
{
	thing->start = old_start;
}
