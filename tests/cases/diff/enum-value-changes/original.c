#include "../kernel.h"

enum state { IDLE, BUSY };
struct thing {
	enum state value;
};

int f(struct thing *thing)
{
	return thing->value == BUSY ? ask(1) : 0;
}
