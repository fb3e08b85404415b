// SPDX-License-Identifier: GPL-2.0
/*
 * kt_target: each function below uses one thing that is hard for a livepatch of a late module.
 *
 *	/sys/module/kt_target/parameters/all	runs them and shows what they return
 *	.../keys	sets the static keys: 1 the one that is off at first, 2 the one that is on
 *	.../call	chooses the static call: 1, 2
 *	.../warn	runs the function that warns, once
 *	.../sleep	sleeps so many milliseconds in a function; with the first key on, behind its
 *			branch
 *	.../spin	likewise, but runs
 *	fail=1		init fails, after it has called a function
 *	hook=0		kt_owner does not call back
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/static_call.h>
#include <linux/jump_label.h>
#include <asm/alternative.h>
#include <asm/cpufeatures.h>

#include "owner_trace.h"

#define CREATE_TRACE_POINTS
#include "target_trace.h"

#include "owner.h"
#include "target.h"

/* ---- static keys ---- */

static DEFINE_STATIC_KEY_FALSE(key_off);
DEFINE_STATIC_KEY_TRUE(kt_key_on);

static noinline int keys(void)
{
	int value = KT_BUILD;

	if (static_branch_unlikely(&key_off))
		value += 1;
	if (static_branch_likely(&kt_key_on))
		value += 2;
	return value;
}

/* Of another module; with code enough on either side to move the branch out of line. */
static noinline int third_key(void)
{
	if (static_branch_unlikely(&kt_owner_key)) {
		trace_kt_owner_hit(7);
		return KT_BUILD + kt_owner_get(2);
	}
	return KT_BUILD;
}

static int set_keys(int value)
{
	if (value & 1)
		static_branch_enable(&key_off);
	else
		static_branch_disable(&key_off);
	if (value & 2)
		static_branch_enable(&kt_key_on);
	else
		static_branch_disable(&kt_key_on);
	return 0;
}
KT_STORE(keys, set_keys);

/* ---- tracepoints and debug messages ---- */

static noinline int traces(int value)
{
	trace_kt_hit(KT_BUILD + value);
	return KT_BUILD + (trace_kt_hit_enabled() ? 1 : 0);
}

static noinline int third_traces(int value)
{
	trace_kt_owner_hit(KT_BUILD + value);
	return KT_BUILD + (trace_kt_owner_hit_enabled() ? 1 : 0);
}

static noinline int debugs(int value)
{
	pr_debug("debugs %d\n", KT_BUILD + value);
	return KT_BUILD + value;
}

/* ---- static calls ---- */

static int call_one(int value)
{
	return value + 1;
}

static int call_two(int value)
{
	return value + 2;
}

DEFINE_STATIC_CALL(kt_call, call_one);

static noinline int calls(void)
{
	return KT_BUILD + static_call(kt_call)(10);
}

static noinline int third_calls(void)
{
	return KT_BUILD + static_call(kt_owner_call)(20);
}

static int set_call(int value)
{
	static_call_update(kt_call, value == 2 ? call_two : call_one);
	return 0;
}
KT_STORE(call, set_call);

/* ---- alternatives ---- */

int kt_alternative_old(void);
int kt_alternative_new(void);

noinline __used int kt_alternative_old(void)
{
	return 1;
}

noinline __used int kt_alternative_new(void)
{
	return 2;
}

/* Every x86-64 has the feature.  In its own words, as alternative_call() differs by version. */
static noinline int alternatives(void)
{
	int value;

	asm volatile(ALTERNATIVE("call kt_alternative_old", "call kt_alternative_new",
				 X86_FEATURE_FPU)
		     : "=a"(value), ASM_CALL_CONSTRAINT
		     :
		     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
	return KT_BUILD + value;
}

/* ---- data ---- */

static DEFINE_PER_CPU(int, percpu_state);
#ifndef KT_LESS
static int state;
#endif
static int twin_state = 10;
static const char *const names[] = { "zero", "one", "two", "three" };
static const int squares[] = { 0, 1, 4, 9, 16, 25 };

#ifdef KT_LESS
#define count() 0
#else
static noinline int count(void)
{
	static int local;

	state++;
	local += 2;
	this_cpu_inc(percpu_state);
	return KT_BUILD + local - state - state;
}
#endif

static noinline int percpu(void)
{
	int cpu, sum = 0;

	for_each_possible_cpu(cpu)
		sum += per_cpu(percpu_state, cpu);
	return KT_BUILD + (sum > 0);
}

static noinline const char *name_of(int value)
{
	return value >= 0 && value < ARRAY_SIZE(names) ? names[value] : "none";
}

static noinline int twin(int value)
{
	return KT_BUILD + READ_ONCE(twin_state) + value;
}

static noinline int switches(int value)
{
	switch (value) {
	case 0:
		return KT_BUILD + squares[2];
	case 1:
		return KT_BUILD + READ_ONCE(twin_state);
	case 2:
		return KT_BUILD + 3;
	case 3:
		return KT_BUILD + squares[READ_ONCE(twin_state) / 4];
	case 4:
		return KT_BUILD + twin(2);
	case 5:
		return KT_BUILD + 77;
	default:
		return KT_BUILD - 1;
	}
}

/* ---- by address ---- */

struct operations {
	int (*get)(int value);
};

static int operation_get(int value)
{
	return KT_BUILD + value * 3;
}

static const struct operations operations = { .get = operation_get };
static const struct operations *used = &operations;

static noinline int operates(int value)
{
	return READ_ONCE(used)->get(value);
}

/* ---- other modules ---- */

static noinline int third(void)
{
	return KT_BUILD + kt_owner_get(1) + kt_owner_value;
}

static int hooked(int value)
{
	return KT_BUILD + value * 2;
}

/* ---- what takes time ---- */

static int wait_a_bit(int milliseconds)
{
	return msleep_interruptible(milliseconds) ? -EINTR : 0;
}

static noinline int sleeps(int milliseconds)
{
	int status;

	if (static_branch_unlikely(&key_off))
		status = wait_a_bit(milliseconds);
	else
		status = wait_a_bit(milliseconds + 1);
	pr_debug("slept %d\n", KT_BUILD + status);
	return status;
}
KT_STORE(sleep, sleeps);

/* Reads both keys all the time: there is where it is preempted. */
static noinline int spins(int milliseconds)
{
	unsigned long end = jiffies + msecs_to_jiffies(milliseconds);
	int value = KT_BUILD;

	while (time_before(jiffies, end) && !fatal_signal_pending(current)) {
		if (static_branch_unlikely(&key_off))
			value++;
		if (static_branch_likely(&kt_key_on))
			value--;
		barrier();
	}
	return value == INT_MAX ? -EINVAL : 0;
}
KT_STORE(spin, spins);

static noinline int warns(int value)
{
	WARN_ONCE(value, "kt_target warns: %d\n", KT_BUILD + value);
	return 0;
}
KT_STORE(warn, warns);

/* ---- all ---- */

static int born;

static int all_get(char *buffer, const struct kernel_param *kp)
{
	int size;

	size = scnprintf(buffer, PAGE_SIZE,
			 "born=%d keys=%d third_key=%d traces=%d third_traces=%d debugs=%d ", born,
			 keys(), third_key(), traces(1), third_traces(2), debugs(3));
	size += scnprintf(buffer + size, PAGE_SIZE - size,
			  "calls=%d third_calls=%d alternatives=%d count=%d name=%s ",
			  calls(), third_calls(), alternatives(), count(), name_of(2));
	size += scnprintf(buffer + size, PAGE_SIZE - size,
			  "percpu=%d twin=%d other_twin=%d switches=%d,%d operates=%d third=%d\n",
			  percpu(), twin(1), kt_twin_value(), switches(3), switches(4), operates(4),
			  third());
	return size;
}
KT_SHOW(all, all_get);

/* ---- init ---- */

static noinline int __init once(int value)
{
	return value;
}

static bool fail;
module_param(fail, bool, 0444);
static bool hook = true;
module_param(hook, bool, 0444);

static noinline int first(void)
{
	return KT_BUILD + 1;
}

static int __init target_init(void)
{
	born = once(first());
	pr_info("born %d\n", born);
#ifdef KT_LOST
	born += kt_owner_lost();
#endif
	if (fail)
		return -ENODEV;
	if (hook)
		kt_owner_hook(hooked);
	return 0;
}
module_init(target_init);

static void __exit target_exit(void)
{
	if (hook)
		kt_owner_hook(NULL);
}
module_exit(target_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("target of klatch's tests: one function a thing that is hard to patch late");
