#include "../kernel.h"

static NOTRACE int quiet(int x)
{
	return ask(x) + 1;
}

int (*const table[])(int) = {quiet};
