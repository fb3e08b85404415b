#include "../kernel.h"

static long handed;

int f(int x)
{
	handed += x;
	return ask(handed);
}
