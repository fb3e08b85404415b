#include "../kernel.h"

int before(int x)
{
	WARN_ONCE(x > 1, "one");
	return ask(x);
}

int f(int x)
{
	WARN_ONCE(x > 3, "three");
	WARN_ONCE(x > 5, "five");
	return ask(x);
}
