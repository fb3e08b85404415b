#include "../kernel.h"

struct entry {
	int id, quirk;
};

static const struct entry first[] = {{1, 2}, {3, 4}};
static const struct entry second[] = {{1, 2}, {3, 9}};
static const struct entry *const tables[] = {first, second};

int f(int x)
{
	return first[x].quirk;
}

int g(int x, int y)
{
	return tables[x][y].quirk;
}
