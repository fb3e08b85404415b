#include "../kernel.h"

struct thing {
	int value;
	struct {
		int a;
		int b;
	} inner;
};

int f(struct thing *thing)
{
	return ask(thing->value) + 1;
}
