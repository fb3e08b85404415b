// SPDX-License-Identifier: GPL-2.0
/*
 * kt_target's functions that can't be traced and whose callers nobody knows: their addresses are
 * given away.
 *
 *	/sys/module/kt_target/parameters/probes	calls them, and shows what they return
 */
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "build.h"

struct operations {
	int (*get)(int value);
	int (*sum)(int value);
};

static notrace noinline int part(int value)
{
	return KT_BUILD + value + 1;
}

static notrace noinline int probed(int value)
{
	return KT_BUILD + value + 5;
}

static notrace noinline int probed_sum(int value)
{
	return KT_BUILD + part(value) + part(value * 2);
}

static struct operations operations = { probed, probed_sum };

static int probes_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "get=%d sum=%d\n", READ_ONCE(operations.get)(0),
			 READ_ONCE(operations.sum)(1));
}
KT_SHOW(probes, probes_get);
