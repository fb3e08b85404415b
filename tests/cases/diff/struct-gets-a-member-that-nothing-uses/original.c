#include "../kernel.h"

struct thing {
	int value;
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
