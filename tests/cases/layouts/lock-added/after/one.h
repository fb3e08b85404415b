#include <linux/spinlock.h>

struct one {
	struct list_head list;
	spinlock_t list_lock;
	int count;
};

struct holder {
	struct one one;
};
