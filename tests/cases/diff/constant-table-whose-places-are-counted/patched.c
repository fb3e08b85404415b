#include "../kernel.h"

struct setting {
	int speed, width;
};

static const struct setting settings[] = {{1, 22}, {3, 4}};

int f(const struct setting *which)
{
	return which - settings;
}
