#include "../kernel.h"

static NOTRACE int quiet(int x)
{
	return ask(x);
}

int (*const table[])(int) = {quiet};
