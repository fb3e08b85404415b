// SPDX-License-Identifier: GPL-2.0
/*
 * kt_many: functions with 10, 100, 1,000 and 10,000 references to statics of their module, to
 * measure what each costs when it is bound.
 *
 *	/sys/module/kt_many/parameters/all	runs them and shows what they return
 */
#include <linux/kernel.h>
#include <linux/module.h>

#include "build.h"

static int v0, v1 = 1, v2, v3, v4, v5, v6, v7, v8, v9;

/* One reference each. */
#define R10 \
	sum += READ_ONCE(v0); sum += READ_ONCE(v1); sum += READ_ONCE(v2); sum += READ_ONCE(v3); \
	sum += READ_ONCE(v4); sum += READ_ONCE(v5); sum += READ_ONCE(v6); sum += READ_ONCE(v7); \
	sum += READ_ONCE(v8); sum += READ_ONCE(v9);
#define R100 R10 R10 R10 R10 R10 R10 R10 R10 R10 R10
#define R1000 R100 R100 R100 R100 R100 R100 R100 R100 R100 R100
#define R10000 R1000 R1000 R1000 R1000 R1000 R1000 R1000 R1000 R1000 R1000

static noinline int many_10(void)
{
	int sum = KT_BUILD;

	R10
	return sum;
}

static noinline int many_100(void)
{
	int sum = KT_BUILD;

	R100
	return sum;
}

static noinline int many_1000(void)
{
	int sum = KT_BUILD;

	R1000
	return sum;
}

static noinline int many_10000(void)
{
	int sum = KT_BUILD;

	R10000
	return sum;
}

static int all_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "many=%d,%d,%d,%d\n", many_10(), many_100(),
			 many_1000(), many_10000());
}
KT_SHOW(all, all_get);

/* So that no compiler takes them for constants. */
static int set_value(int value)
{
	v0 = v1 = v2 = v3 = v4 = v5 = v6 = v7 = v8 = v9 = value;
	return 0;
}
KT_STORE(value, set_value);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("target of klatch's tests: many references");
