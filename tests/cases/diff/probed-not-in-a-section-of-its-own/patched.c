#include "../kernel.h"

/* As noinstr has it. */
static NOTRACE IN(".noinstr.text") int quiet(int x)
{
	return ask(x) + 1;
}

int f(int x)
{
	return use(quiet) + quiet(x);
}
