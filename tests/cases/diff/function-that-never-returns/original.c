#include "../kernel.h"

static NOINLINE void die(int why)
{
	ask(why);
	BUG();
	__builtin_unreachable();
}

static NOINLINE int live(int why)
{
	return ask(why) + 2;
}

int f(int x)
{
	if (x > 4)
		die(x);
	return live(x);
}

int g(int x)
{
	if (x > 4)
		die(x + 1);
	return live(x);
}
