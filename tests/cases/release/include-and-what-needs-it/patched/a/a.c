#include <linux/cut.h>
#include <linux/keep.h>

static int needs(int x)
{
	return cut_it(x);
}

static int needs_not(int x)
{
	return x + 2;
}
