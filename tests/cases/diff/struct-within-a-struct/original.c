#include "../kernel.h"

struct thing {
	int value;
	struct {
		int a;
	} inner;
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
