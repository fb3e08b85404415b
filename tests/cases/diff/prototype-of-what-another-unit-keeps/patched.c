#include "../kernel.h"

void register_action(int (*action)(int, int), int (*other)(int));
void walk(int (*each)(long, int));

static int act_with(int value, int more)
{
	return ask(value + more);
}

static int visit(long value, int more)
{
	return ask(value);
}

void g(void)
{
	register_action(act_with, ask);
	walk(visit);
}
