#include "one.h"

void make(struct one *one)
{
	spin_lock_init(&one->list_lock);
	one->count = 0;
}

int take(struct holder *holder)
{
	unsigned long flags;
	int count;

	spin_lock_irqsave(&holder->one.list_lock, flags);
	count = holder->one.count;
	spin_unlock_irqrestore(&holder->one.list_lock, flags);
	return count;
}

#define COUNT(one) ({							\
	guard(spinlock)(&(one)->list_lock);				\
	(one)->count;							\
})

int give(struct holder **holders, int i)
{
	scoped_guard(spinlock, &holders[i]->one.list_lock)
		holders[i]->one.count++;
	return COUNT(&holders[i]->one);
}
