#include "../kernel.h"

IN(".sched.text") int scheduled(int x)
{
	return ask(x) + 2;
}

IN(".ref.text") int referring(int x)
{
	return ask(x) + 4;
}

static IN(".noinstr.text") NOTRACE int untouched(int x)
{
	return ask(x) + 6;
}

int caller(int x)
{
	return untouched(x);
}
