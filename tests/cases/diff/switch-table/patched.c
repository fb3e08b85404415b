#include "../kernel.h"

int f(int x)
{
	switch (x) {
	case 0:
		return ask(3);
	case 1:
		return use(&elsewhere);
	case 2:
		return ask(12) + ask(13);
	case 3:
		return ask(11) - 1;
	case 4:
		return ask(x) / 3;
	case 5:
		return -ask(x);
	}
	return 0;
}

int g(int x)
{
	switch (x) {
	case 0:
		return ask(4);
	case 1:
		return use(&elsewhere) + 1;
	case 2:
		return ask(12);
	case 3:
		return ask(11) - 7;
	case 4:
		return ask(x) / 5;
	case 5:
		return ~ask(x);
	}
	return 0;
}
