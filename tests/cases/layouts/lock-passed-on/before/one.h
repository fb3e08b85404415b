#include <linux/spinlock.h>

struct one {
	struct list_head list;
	int count;
};

struct holder {
	struct one one;
};
