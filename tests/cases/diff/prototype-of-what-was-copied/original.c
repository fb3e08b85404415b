#include "../kernel.h"

struct actions {
	void (*start)(int);
};
struct thing {
	void (*start)(int);
	const struct actions *actions;
};

void f(struct thing *thing)
{
	thing->start(1);
}

void g(struct thing *thing)
{
	thing->start = thing->actions->start;
}
