#include "../kernel.h"

struct thing {
	int value;
	int (*call)(int, int);
};

int f(struct thing *thing)
{
	return ask(thing->value) + 1;
}
