#include "../kernel.h"

static NOINLINE IN(".sched.text") int first(int x)
{
	return ask(x) + 1;
}

IN(".sched.text") int second(int x)
{
	return first(x + 1);
}

IN(".sched.text") int third(int x)
{
	return ask(x - 1);
}
