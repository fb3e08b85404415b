#include "../kernel.h"

int answer(int question);

int f(int x)
{
	return ask(x) + 1;
}
