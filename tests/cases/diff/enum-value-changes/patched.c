#include "../kernel.h"

enum state { IDLE, WAITING, BUSY };
struct thing {
	enum state value;
};

int f(struct thing *thing)
{
	return thing->value == BUSY ? ask(1) : 0;
}
