#include "../kernel.h"

int f(int x);
int g(int x)
{
	return f(x) + 1;
}
