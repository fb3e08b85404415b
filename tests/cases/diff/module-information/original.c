#include "../kernel.h"

IN(".modinfo") USED static const char license[] = "license=GPL";
IN(".modinfo") USED static const char firmware[] = "firmware=1.bin";

int f(int x)
{
	return ask(x);
}
