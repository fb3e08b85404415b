#include "../kernel.h"

static NOTRACE int quiet(int x)
{
	return ask(x) + 1;
}

/* NOKPROBE_SYMBOL() */
static const void *const nokprobe IN("_kprobe_blacklist") USED = quiet;

int f(int x)
{
	return use(quiet) + quiet(x);
}
