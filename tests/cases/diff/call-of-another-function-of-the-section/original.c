#include "../kernel.h"

static NOINLINE IN(".sched.text") int first(int x)
{
	return ask(x) + 1;
}

static NOINLINE IN(".sched.text") int second(int x)
{
	return ask(x) + 2;
}

IN(".sched.text") int third(int x)
{
	return first(x) + 3;
}

IN(".sched.text") int fourth(int x)
{
	return first(x) - second(x);
}
