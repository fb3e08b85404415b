#include "../kernel.h"

typedef unsigned int __u32;
typedef __u32 u32;
typedef unsigned long long u64;
typedef u32 __le32;

struct thing {
	u32 value;
};

int f(struct thing *thing)
{
	return ask(thing->value);
}
