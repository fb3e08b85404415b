#include "../kernel.h"

struct thing;
typedef void stop_fn(struct thing *);
struct actions {
	void (*start)(struct thing *, int);
	stop_fn *stop;
	int (*other)(struct thing *);
};
struct thing {
	const struct actions *actions;
};

static void start(struct thing *thing, int value)
{
	ask(value);
}

static void stop(struct thing *thing)
{
	ask(7);
}

static int other(struct thing *thing)
{
	return ask(8);
}

static const struct actions ours = {start, stop, other};

int f(struct thing *thing)
{
	thing->actions->start(thing, 1);
	thing->actions->stop(thing);
	return ask(9);
}

void g(struct thing *thing)
{
	thing->actions = &ours;
}
