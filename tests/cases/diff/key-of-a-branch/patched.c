#include "../kernel.h"

struct {
	int value;
} first, second;

int f(int x)
{
	return IS_ENABLED(&second) ? ask(x) : 0;
}

int g(int x)
{
	return IS_ENABLED(&first) ? ask(x) : 1;
}
