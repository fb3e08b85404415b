#include "../kernel.h"

int f(int x)
{
	WARN_ONCE(x > 3, "three");
	WARN_ONCE(x > 5, "five");
	return ask(x);
}
