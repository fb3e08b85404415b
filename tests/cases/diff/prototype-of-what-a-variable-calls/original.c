#include "../kernel.h"

void (*hook)(int);
void (*other)(long);

static void act(int value)
{
	ask(value);
}

static void act_otherwise(long value)
{
	ask(value);
}

void f(void)
{
	hook(1);
	other(1);
}

void g(void)
{
	hook = act;
	other = act_otherwise;
}
