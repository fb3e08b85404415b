// SPDX-License-Identifier: GPL-2.0
/*
 * Members that a patch adds to a struct.  Objects that are there were made without, so the builder
 * leaves the struct as it is, and the member is a shadow variable of its object: made when it is
 * asked for first, a lock unlocked.  Its number is the same in each livepatch that adds it, so one
 * that takes the place of another goes on with what is there.  They stay when the livepatch ends,
 * as nothing tells when the last who holds one is done.
 */
#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "klatch.h"

/* What the kernel keeps for us. */
struct shadow {
	const void *object;
	union member {
		spinlock_t spin;
		raw_spinlock_t raw;
		rwlock_t rw;
		seqcount_t seq;
		struct mutex mutex;
		struct rw_semaphore rwsem;
		struct rcu_head rcu_head;
		struct rcu_work rcu_work;
	} member;
};

static int construct(void *object, void *data, void *kind)
{
	struct shadow *shadow = data;
	union member *member = &shadow->member;

	shadow->object = object;
	switch (*(enum klatch_shadow *)kind) {
	case KLATCH_SPINLOCK:
		spin_lock_init(&member->spin);
		break;
	case KLATCH_RAW_SPINLOCK:
		raw_spin_lock_init(&member->raw);
		break;
	case KLATCH_RWLOCK:
		rwlock_init(&member->rw);
		break;
	case KLATCH_SEQCOUNT:
		seqcount_init(&member->seq);
		break;
	case KLATCH_MUTEX:
		mutex_init(&member->mutex);
		break;
	case KLATCH_RWSEM:
		init_rwsem(&member->rwsem);
		break;
	case KLATCH_RCU_HEAD:
	case KLATCH_RCU_WORK:
		break; /* whoever uses it sets all of it before */
	}
	return 0;
}

/*
 * Those of objects that came when there was no memory.  Such an object keeps what it got: who locks
 * and who unlocks must mean the same lock.
 */
static struct spare {
	unsigned long id;
	struct shadow shadow;
} spares[64];
static unsigned int nr_spares;
static DEFINE_RAW_SPINLOCK(spares_lock);

static struct shadow *find_spare(const void *object, unsigned long id)
{
	unsigned int i;

	for (i = 0; i < nr_spares; i++)
		if (spares[i].shadow.object == object && spares[i].id == id)
			return &spares[i].shadow;
	return NULL;
}

static struct shadow *add_spare(void *object, unsigned long id, enum klatch_shadow kind)
{
	struct spare *spare;

	if (WARN_ONCE(nr_spares == ARRAY_SIZE(spares), "no memory for shadow variables"))
		return NULL;
	spare = &spares[nr_spares++];
	spare->id = id;
	construct(object, &spare->shadow, &kind);
	return &spare->shadow;
}

static struct shadow *make_shadow(void *object, unsigned long id, enum klatch_shadow kind)
{
	struct shadow *shadow;
	unsigned long flags;

	raw_spin_lock_irqsave(&spares_lock, flags);
	shadow = find_spare(object, id);
	if (!shadow)
		shadow = klp_shadow_get_or_alloc(object, id, sizeof(*shadow),
						 GFP_ATOMIC | __GFP_NOWARN, construct, &kind);
	if (!shadow)
		shadow = add_spare(object, id, kind);
	raw_spin_unlock_irqrestore(&spares_lock, flags);
	return shadow;
}

/* The member of an object; in any context but an NMI. */
void *klatch_shadow(const void *object, unsigned long id, enum klatch_shadow kind)
{
	struct shadow *shadow = klp_shadow_get((void *)object, id);

	/* Nothing but memory can be missing, and not for long. */
	while (!shadow) {
		shadow = make_shadow((void *)object, id, kind);
		if (!shadow)
			cpu_relax();
	}
	return &shadow->member;
}

/* The object of a member. */
void *klatch_shadow_owner(const void *member)
{
	return (void *)container_of(member, struct shadow, member)->object;
}

static void free_owner(struct rcu_head *head)
{
	kvfree(klatch_shadow_owner(head));
}

/* What kfree_rcu() is for a member of the object itself. */
void klatch_shadow_free(const void *object, unsigned long id)
{
	if (object)
		call_rcu(klatch_shadow(object, id, KLATCH_RCU_HEAD), free_owner);
}
