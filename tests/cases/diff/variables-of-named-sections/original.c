#include "../kernel.h"

IN(".data..read_mostly") int often = 1;
IN(".data..ro_after_init") int after = 2;
IN(".data..percpu") int here = 3;

int f(int x)
{
	return ask(often) + ask(after) + ask(here) + x;
}
