#include "../kernel.h"

int (*hook)(int);
int (*other)(long);

static int act(int value)
{
	return ask(value);
}

static void act_otherwise(long value)
{
	ask(value);
}

static int act_now(long value)
{
	return ask(value);
}

void f(void)
{
	ask(hook(1) + other(1));
}

void g(void)
{
	hook = act;
	other = act_now;
	use(act_otherwise);
}
