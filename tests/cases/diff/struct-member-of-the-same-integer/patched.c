#include "../kernel.h"

typedef unsigned int __u32;
typedef __u32 u32;
typedef unsigned long long u64;
typedef u32 __le32;

struct thing {
	__u32 value;
	u64 place;
	int (*ask)(u64 place, u32 *values);
	struct {
		u32 first;
	} of[2];
};

int f(struct thing *thing)
{
	return ask(thing->value) + 1;
}
