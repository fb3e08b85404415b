#include "../kernel.h"

struct actions {
	void (*start)(int);
};
struct thing {
	void (*start)(struct thing *, int);
	const struct actions *actions;
};

static void start(struct thing *thing, int value)
{
	thing->actions->start(value);
}

void f(struct thing *thing)
{
	thing->start(thing, 1);
}

void g(struct thing *thing)
{
	thing->start = start;
}
