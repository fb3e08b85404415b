#include "../kernel.h"

struct other {
	int a;
} other_thing;
struct thing {
	int value;
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
