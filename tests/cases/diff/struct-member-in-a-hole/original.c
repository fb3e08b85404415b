#include "../kernel.h"

struct thing {
	int value;
	long large;
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
