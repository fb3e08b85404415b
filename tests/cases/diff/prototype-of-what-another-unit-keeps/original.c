#include "../kernel.h"

void register_action(void (*action)(int), int (*other)(int));
void walk(int (*each)(long));

static void act(int value)
{
	ask(value);
}

static int visit(long value)
{
	return ask(value);
}

void g(void)
{
	register_action(act, ask);
	walk(visit);
}
