#include "one.h"

void make(struct one *one)
{
	spin_lock_init(klatch_find_one_list_lock((one)));
	one->count = 0;
}

int take(struct holder *holder)
{
	unsigned long flags;
	int count;

	spin_lock_irqsave(klatch_find_one_list_lock(&(holder->one)), flags);
	count = holder->one.count;
	spin_unlock_irqrestore(klatch_find_one_list_lock(&(holder->one)), flags);
	return count;
}

#define COUNT(one) ({							\
	guard(spinlock)(klatch_find_one_list_lock(((one))));				\
	(one)->count;							\
})

int give(struct holder **holders, int i)
{
	scoped_guard(spinlock, klatch_find_one_list_lock(&(holders[i]->one)))
		holders[i]->one.count++;
	return COUNT(&holders[i]->one);
}
