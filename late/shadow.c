// SPDX-License-Identifier: GPL-2.0
/*
 * Locks that a patch adds to a struct.  Objects that are there were made without, so the builder
 * leaves the struct as it is, and each lock is a shadow variable of its object: unlocked when it is
 * asked for first.  Its number is the same in each livepatch that adds it, so one that takes the
 * place of another goes on with the locks that are there.  They stay when the livepatch ends, as
 * nothing tells when the last who holds one is done.
 */
#include <linux/livepatch.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>

#include "klatch.h"

void *klatch_shadow_lock(const void *object, unsigned long id, enum klatch_lock kind);

union lock {
	spinlock_t spin;
	raw_spinlock_t raw;
	rwlock_t rw;
	seqcount_t seq;
	struct mutex mutex;
	struct rw_semaphore rwsem;
};

static int construct(void *object, void *data, void *kind)
{
	union lock *lock = data;

	switch (*(enum klatch_lock *)kind) {
	case KLATCH_SPINLOCK:
		spin_lock_init(&lock->spin);
		break;
	case KLATCH_RAW_SPINLOCK:
		raw_spin_lock_init(&lock->raw);
		break;
	case KLATCH_RWLOCK:
		rwlock_init(&lock->rw);
		break;
	case KLATCH_SEQCOUNT:
		seqcount_init(&lock->seq);
		break;
	case KLATCH_MUTEX:
		mutex_init(&lock->mutex);
		break;
	case KLATCH_RWSEM:
		init_rwsem(&lock->rwsem);
		break;
	}
	return 0;
}

/*
 * The locks of objects that came when there was no memory.  Such an object keeps its lock: who
 * locks it and who unlocks it must mean the same one.
 */
static struct spare {
	const void *object;
	unsigned long id;
	union lock lock;
} spares[64];
static unsigned int nr_spares;
static DEFINE_RAW_SPINLOCK(spares_lock);

static union lock *find_spare(const void *object, unsigned long id)
{
	unsigned int i;

	for (i = 0; i < nr_spares; i++)
		if (spares[i].object == object && spares[i].id == id)
			return &spares[i].lock;
	return NULL;
}

static union lock *add_spare(const void *object, unsigned long id, enum klatch_lock kind)
{
	struct spare *spare;

	if (WARN_ONCE(nr_spares == ARRAY_SIZE(spares), "no memory for locks"))
		return NULL;
	spare = &spares[nr_spares++];
	spare->object = object;
	spare->id = id;
	construct(NULL, &spare->lock, &kind);
	return &spare->lock;
}

static union lock *make_lock(void *object, unsigned long id, enum klatch_lock kind)
{
	union lock *lock;
	unsigned long flags;

	raw_spin_lock_irqsave(&spares_lock, flags);
	lock = find_spare(object, id);
	if (!lock)
		lock = klp_shadow_get_or_alloc(object, id, sizeof(*lock), GFP_ATOMIC | __GFP_NOWARN,
					       construct, &kind);
	if (!lock)
		lock = add_spare(object, id, kind);
	raw_spin_unlock_irqrestore(&spares_lock, flags);
	return lock;
}

void *klatch_shadow_lock(const void *object, unsigned long id, enum klatch_lock kind)
{
	void *lock = klp_shadow_get((void *)object, id);

	while (!lock) {
		lock = make_lock((void *)object, id, kind);
		cpu_relax();
	}
	return lock;
}
