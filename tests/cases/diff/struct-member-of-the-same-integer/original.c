#include "../kernel.h"

typedef unsigned int __u32;
typedef __u32 u32;
typedef unsigned long long u64;
typedef u32 __le32;

struct thing {
	u32 value;
	unsigned long place;
	int (*ask)(unsigned long place, const __u32 *values);
	struct {
		unsigned int first;
	} of[2];
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
