// SPDX-License-Identifier: GPL-2.0
/*
 * kt_target's counters: objects without a lock, which several at a time count with.
 *
 *	/sys/module/kt_target/parameters/counters	counts, and shows what came of it
 */
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "build.h"
#include "counters.h"

#define WORKERS 4
#define TIMES	5

static struct counters all = { .name = "all" };

/* What another adds while this one sleeps is lost. */
static noinline void count_slowly(struct counter *counter)
{
	int value = READ_ONCE(counter->value);

	msleep(2);
	WRITE_ONCE(counter->value, value + 1);
}

static noinline int sum(struct counters *counters)
{
	return counters->first.value + counters->second.value + KT_BUILD;
}

static noinline struct counters *make(void)
{
	return kzalloc(sizeof(struct counters), GFP_KERNEL);
}

static int freed;

static noinline void drop(struct counters *counters)
{
	freed += counters->second.value;
	kfree(counters);
}

static void work(struct work_struct *work)
{
	int i;

	for (i = 0; i < TIMES; i++)
		count_slowly(&all.first);
}

static int counters_get(char *buffer, const struct kernel_param *kp)
{
	struct work_struct works[WORKERS];
	struct counters *other = make();
	int i;

	if (!other)
		return -ENOMEM;
	all.first.value = 0;
	for (i = 0; i < WORKERS; i++) {
		INIT_WORK_ONSTACK(&works[i], work);
		queue_work(system_unbound_wq, &works[i]);
	}
	for (i = 0; i < WORKERS; i++) {
		flush_work(&works[i]);
		destroy_work_on_stack(&works[i]);
	}
	count_slowly(&other->second);
	i = scnprintf(buffer, PAGE_SIZE, "counted=%s sum=%d other=%d freed=%d\n",
		      all.first.value == WORKERS * TIMES ? "all" : "some",
		      all.first.value == sum(&all) ? 0 : sum(&all), sum(other), freed);
	drop(other);
	return i;
}
KT_SHOW(counters, counters_get);
