// SPDX-License-Identifier: GPL-2.0
/*
 * kt_owner: a module that others use: functions, a variable, a static key, a static call and a
 * tracepoint of it.  It calls back into kt_target, so that each uses the other.
 *
 *	/sys/module/kt_owner/parameters/all	runs its functions and shows what they return
 *	.../key, .../call			flip the key (0, 1), choose the call (1, 2)
 */
#include <linux/kernel.h>
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "owner_trace.h"

#include "owner.h"

int kt_owner_value = 5;
EXPORT_SYMBOL_GPL(kt_owner_value);

DEFINE_STATIC_KEY_FALSE(kt_owner_key);
EXPORT_SYMBOL_GPL(kt_owner_key);

EXPORT_TRACEPOINT_SYMBOL_GPL(kt_owner_hit);

int kt_owner_one(int value)
{
	return value + 1;
}
EXPORT_SYMBOL_GPL(kt_owner_one);

int kt_owner_two(int value)
{
	return value + 2;
}
EXPORT_SYMBOL_GPL(kt_owner_two);

DEFINE_STATIC_CALL(kt_owner_call, kt_owner_one);
EXPORT_STATIC_CALL_GPL(kt_owner_call);

noinline int kt_owner_get(int value)
{
	return KT_BUILD + kt_owner_value + value;
}
EXPORT_SYMBOL_GPL(kt_owner_get);

/* Only this module's, until a patch lets the other have it. */
static noinline __noclone int kt_owner_own(int value)
{
	return kt_owner_value + 2 * value;
}

static int (*kt_hook)(int value);

void kt_owner_hook(int (*hook)(int value))
{
	WRITE_ONCE(kt_hook, hook);
}
EXPORT_SYMBOL_GPL(kt_owner_hook);

#ifdef KT_LOST
int kt_owner_lost(void)
{
	return 0;
}
EXPORT_SYMBOL_GPL(kt_owner_lost);
#endif

/* Back into the module that uses this one. */
static noinline int back(int value)
{
	int (*hook)(int) = READ_ONCE(kt_hook);

	return KT_BUILD + (hook ? hook(value) : 0);
}

static int all_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "get=%d back=%d own=%d\n", kt_owner_get(1), back(1),
			 kt_owner_own(1));
}
KT_SHOW(all, all_get);

static int set_key(int value)
{
	if (value)
		static_branch_enable(&kt_owner_key);
	else
		static_branch_disable(&kt_owner_key);
	return 0;
}
KT_STORE(key, set_key);

static int set_call(int value)
{
	static_call_update(kt_owner_call, value == 2 ? kt_owner_two : kt_owner_one);
	return 0;
}
KT_STORE(call, set_call);

static int __init owner_init(void)
{
	return 0;
}
module_init(owner_init);

static void __exit owner_exit(void)
{
}
module_exit(owner_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("target of klatch's tests: what another target uses");
