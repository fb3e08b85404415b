#include "../kernel.h"

struct thing;
typedef int stop_fn(struct thing *, long);
struct actions {
	int (*start)(struct thing *, int);
	stop_fn *stop;
	int (*other)(struct thing *);
};
struct thing {
	const struct actions *actions;
};

static int start(struct thing *thing, int value)
{
	ask(value);
	return 0;
}

static int stop(struct thing *thing, long more)
{
	return ask(more);
}

static int other(struct thing *thing)
{
	return ask(8);
}

static const struct actions ours = {start, stop, other};

int f(struct thing *thing)
{
	return thing->actions->start(thing, 1) + thing->actions->stop(thing, 2);
}

void g(struct thing *thing)
{
	thing->actions = &ours;
}
