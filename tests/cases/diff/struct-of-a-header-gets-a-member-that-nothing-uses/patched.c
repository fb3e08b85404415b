#include "../kernel.h"

#line 1 "thing.h"
struct thing {
	int value;
	int more;
};
#line 20 "patched.c"

int f(struct thing *thing)
{
	return ask(thing->value);
}
