#include "../kernel.h"

IN(".sched.text") int scheduled(int x)
{
	return ask(x) + 1;
}

IN(".ref.text") int referring(int x)
{
	return ask(x) + 3;
}

static IN(".noinstr.text") NOTRACE int untouched(int x)
{
	return ask(x) + 5;
}

int caller(int x)
{
	return untouched(x);
}
