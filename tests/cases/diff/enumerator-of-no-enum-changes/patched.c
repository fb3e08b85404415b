#include "../kernel.h"

enum { IDLE, WAITING, BUSY };
struct thing {
	int value;
};

int f(struct thing *thing)
{
	return thing->value == BUSY ? ask(1) : 0;
}
