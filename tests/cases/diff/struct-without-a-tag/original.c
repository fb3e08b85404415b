#include "../kernel.h"

typedef struct {
	int value;
} thing_t;

int f(thing_t *thing)
{
	return ask(thing->value);
}
