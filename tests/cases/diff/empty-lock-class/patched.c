#include "../kernel.h"

int before(int x)
{
	static struct {
	} __key;

	return use(&__key) + 1;
}

int f(int x)
{
	static struct {
	} __key;

	return use(&__key);
}
