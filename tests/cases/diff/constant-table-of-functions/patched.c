#include "../kernel.h"

static int one(int x)
{
	return ask(x);
}

static const struct {
	int id;
	int (*hook)(int);
} quirks[] = {{1, one}, {22, one}, {3, one}, {4, one}, {5, one}};

void f(int id)
{
	for (unsigned int i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++)
		if (ask(quirks[i].id) == id)
			quirks[i].hook(id);
}
