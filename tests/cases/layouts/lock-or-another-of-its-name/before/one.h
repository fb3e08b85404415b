#include <linux/spinlock.h>

struct first {
	struct list_head list;
	int count;
};

struct holder {
	struct first inner;
};
