#include "../kernel.h"

struct thing {
	int value;
	int other;
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
