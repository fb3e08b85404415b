#include <linux/spinlock.h>

struct first {
	struct list_head list;
	spinlock_t list_lock;
	int count;
};

struct holder {
	struct first inner;
};
