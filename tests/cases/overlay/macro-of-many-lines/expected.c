#define TWICE(x) \
	do {             \
		(x)++;   \
		(x)++;   \
	} while (0)
#line 5

int after = __LINE__;
