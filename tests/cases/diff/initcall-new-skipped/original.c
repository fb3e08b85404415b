#include "../kernel.h"

static INIT int start(void)
{
	return ask(1);
}
static USED int (*keep)(void) = start;
