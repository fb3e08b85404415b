#include "../kernel.h"

int f(unsigned int x)
{
	switch (x) {
	case 0:
		return 17;
	case 1:
		return 23;
	case 2:
		return 5;
	case 3:
		return 61;
	case 4:
		return -8;
	default:
		return 0;
	}
}
