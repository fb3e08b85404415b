#include "../kernel.h"

#line 1 "thing.h"
struct thing {
	int value;
};
#line 20 "original.c"

int f(struct thing *thing)
{
	return ask(thing->value);
}
