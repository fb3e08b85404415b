#include "../kernel.h"

static INIT int start(void)
{
	return ask(1);
}
static USED int (*keep)(void) = start;
static int (*const __initcall_start6)(void) IN(".initcall6.init") USED = start;
