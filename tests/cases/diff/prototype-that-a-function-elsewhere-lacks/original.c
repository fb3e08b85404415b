#include "../kernel.h"

struct thing {
	int (*start)(struct thing *, unsigned int);
};
enum state { IDLE, BUSY };
typedef unsigned int state_t;
int start(struct thing *thing, enum state state);
int start_late(struct thing *thing, state_t state);

void g(struct thing *thing, int late)
{
	if (late)
		thing->start = start_late;
	else
		thing->start = start;
}
