#include "../kernel.h"

int f(int x)
{
	switch (x) {
	case 1:
		return ask(3);
	case 5:
		return use(&elsewhere);
	case 2:
		return ask(12) * 2;
	case 3:
		return ask(11) - 1;
	case 4:
		return ask(x) / 3;
	case 0:
		return -ask(x);
	}
	return 0;
}
