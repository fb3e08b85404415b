#include "../kernel.h"

enum state { IDLE, BUSY, GONE };
struct thing {
	enum state value;
};

int f(struct thing *thing)
{
	return ask(thing->value) + sizeof(enum state) + GONE;
}
