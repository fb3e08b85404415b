#include "../kernel.h"

int f(int x)
{
	static struct {
	} __key;

	return use(&__key);
}
