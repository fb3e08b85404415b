#include <linux/keep.h>

static int needs(int x)
{
	return x;
}

static int needs_not(int x)
{
	return x + 1;
}
