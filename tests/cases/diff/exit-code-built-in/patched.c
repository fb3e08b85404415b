#include "../kernel.h"

IN(".exit.text") int stop(int x)
{
	return ask(x) + 1;
}
