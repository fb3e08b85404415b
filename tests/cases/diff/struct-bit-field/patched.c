#include "../kernel.h"

struct thing {
	int value;
	unsigned int flag : 2, more : 4;
};

int f(struct thing *thing)
{
	return ask(thing->value) + 1;
}
