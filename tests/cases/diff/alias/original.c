#include "../kernel.h"

int f(int x)
{
	return ask(x);
}
extern int other_name(int x) __attribute__((alias("f")));
