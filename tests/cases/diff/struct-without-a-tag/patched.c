#include "../kernel.h"

typedef struct {
	int value;
	int more;
} thing_t;

int f(thing_t *thing)
{
	return ask(thing->value) + 1;
}
