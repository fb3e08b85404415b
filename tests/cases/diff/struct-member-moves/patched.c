#include "../kernel.h"

struct thing {
	int other, value;
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
