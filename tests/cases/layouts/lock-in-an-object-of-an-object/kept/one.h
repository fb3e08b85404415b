#include <linux/spinlock.h>

struct first {
	struct list_head list;
	int count;
};
static inline spinlock_t *klatch_find_first_list_lock(const struct first *object)
{
	void *klatch_shadow(const void *, unsigned long, unsigned int);
	return klatch_shadow(object, 0x68b3b704ec42b6b7UL, 0);
}

struct holder {
	struct first inner;
};
