#include "../kernel.h"

struct thing {
	int value, other;
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
