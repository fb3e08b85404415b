#define TWICE(x) \
	do {             \
		(x)++;   \
	} while (0)

int after = __LINE__;
