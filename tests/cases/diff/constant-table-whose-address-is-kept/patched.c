#include "../kernel.h"

struct setting {
	int speed, width;
};

static const struct setting setting = {1, 22};

void f(const struct setting **of)
{
	of[3] = &setting;
}
