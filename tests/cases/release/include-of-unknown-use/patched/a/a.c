#include <linux/nowhere.h>
#include <linux/keep.h>

static int one(int x)
{
	return x * 2;
}

static int two(int x)
{
	return x + 2;
}
