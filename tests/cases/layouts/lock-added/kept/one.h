#include <linux/spinlock.h>

struct one {
	struct list_head list;
	int count;
};
static inline spinlock_t *klatch_find_one_list_lock(const struct one *object)
{
	void *klatch_shadow(const void *, unsigned long, unsigned int);
	return klatch_shadow(object, 0xfafcf39c42f2b5d7UL, 0);
}

struct holder {
	struct one one;
};
