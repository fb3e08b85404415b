#include "../kernel.h"

int before(int x)
{
	DEBUG("before");
	return ask(x);
}
int f(int x)
{
	DEBUG("value");
	return ask(x);
}
