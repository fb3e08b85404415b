#include "../kernel.h"

struct thing {
	int value;
	unsigned int other;
};

int f(struct thing *thing)
{
	return ask(thing->value) + 1;
}
