#include "../kernel.h"

static int given;

int f(int x)
{
	given += x;
	return ask(given);
}
