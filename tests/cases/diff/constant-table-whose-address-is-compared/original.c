#include "../kernel.h"

struct setting {
	int speed, width;
};

static const struct setting setting = {1, 2};

int f(const struct setting *which)
{
	return which == &setting;
}
