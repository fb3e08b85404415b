#include "../kernel.h"

struct thing {
	int value;
	int more;
	long large;
};

int f(struct thing *thing)
{
	return ask(thing->value) + 1;
}
