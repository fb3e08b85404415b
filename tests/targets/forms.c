// SPDX-License-Identifier: GPL-2.0
/*
 * kt_target's forms: what a function can hold or be besides what target.c shows.
 *
 *	/sys/module/kt_target/parameters/forms	runs them and shows what they return
 *	.../once				runs what is said, or done, only once
 *	.../thing				sets the value of the first thing
 */
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/once.h>
#include <asm/asm.h>

#include "build.h"
#include "target.h"

/* ---- objects that a patch gives another member ---- */

struct thing {
	int value;
};

static struct thing things[] = { { 1 }, { 2 } };

static noinline int thing_get(struct thing *thing)
{
	return KT_BUILD + READ_ONCE(thing->value);
}

static int set_thing(int value)
{
	things[0].value = value;
	return 0;
}
KT_STORE(thing, set_thing);

/* ---- labels and tables ---- */

/* A small machine: ends with 2. */
static noinline int gotos(const char *code)
{
	static const void *const labels[] __annotate_jump_table = { &&add, &&twice, &&end };
	int value = KT_BUILD;

	goto *labels[(unsigned char)*code];
add:
	value += 5;
	goto *labels[(unsigned char)*++code];
twice:
	value *= 2;
	goto *labels[(unsigned char)*++code];
end:
	return value;
}

static noinline const char *strings(int value)
{
	return value ? "kt string" : "another kt string";
}

/* ---- where data is kept ---- */

static int after_init __ro_after_init = 3;
static int read_often __read_mostly = 4;

static noinline int data(void)
{
	return KT_BUILD + READ_ONCE(after_init) + READ_ONCE(read_often);
}

/* ---- sections that inline assembly adds to ---- */

/* No address: the exception table says where to go on. */
static noinline int faults(void)
{
	unsigned long wrong = 1UL << 62;
	int value = KT_BUILD + 8;

	asm volatile("1: movl (%1), %0\n2:\n" _ASM_EXTABLE(1b, 2b) : "+r"(value) : "r"(wrong));
	return value;
}

/* ---- once ---- */

static int times;

static void count_time(void)
{
	times++;
}

static noinline int once_only(int value)
{
	DO_ONCE(count_time);
	pr_info_once("kt_forms says once: %d\n", KT_BUILD + value);
	return 0;
}
KT_STORE(once, once_only);

/* ---- names ---- */

int __weak kt_weak(int value)
{
	return KT_BUILD + value + 6;
}

int kt_named(int value);
noinline int kt_named(int value)
{
	return KT_BUILD + value + 7;
}
int kt_alias(int value) __alias(kt_named);

/* ---- sections of code ---- */

static noinline __noclone int __ref of_ref(int value)
{
	return KT_BUILD + value + 1;
}

static noinline __noclone int __section(".sched.text") of_sched(int value)
{
	return KT_BUILD + value + 2;
}

/* Nobody can take it over: its callers are replaced. */
static notrace noinline __noclone int untraced(int value)
{
	return KT_BUILD + value + 3;
}

static noinstr int without_instrumentation(int value)
{
	return KT_BUILD + value + 4;
}

static noinline int untraced_caller(int value)
{
	return untraced(value) + 10 * without_instrumentation(value) + 1;
}

/* ---- constant tables ---- */

struct quirk {
	int id;
	const char *text;
	int (*hook)(int value);
};

static int same(int value)
{
	return value;
}

static int twice_as_much(int value)
{
	return 2 * value;
}

static const struct quirk quirks[] = {
	{ 1, "kt first", same },
	{ 2, "kt second", same },
	{ 3, "kt third", twice_as_much },
	{ 4, "kt fourth", same },
};

/* A table of a table, which code uses as well. */
static const struct quirk *const quirk_ends[] = { &quirks[0], &quirks[ARRAY_SIZE(quirks) - 1] };

static noinline int quirk_sum(int id)
{
	int value = KT_BUILD, i;

	for (i = 0; i < ARRAY_SIZE(quirks); i++)
		if (quirks[i].id >= id)
			value += quirks[i].hook(quirks[i].id);
	return value;
}

static noinline const char *quirk_text(int end)
{
	return KT_BUILD ? "kt other" : READ_ONCE(quirk_ends[end])->text;
}

static int forms_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE,
			 "things=%d,%d gotos=%d strings=%s data=%d faults=%d times=%d weak=%d "
			 "alias=%d ref=%d sched=%d untraced=%d quirks=%d,%s\n",
			 thing_get(&things[0]), thing_get(&things[1]), gotos("\0\1\2"),
			 strings(1), data(), faults(), times, kt_weak(0), kt_alias(0), of_ref(0),
			 of_sched(0), untraced_caller(0), quirk_sum(2), quirk_text(1));
}
KT_SHOW(forms, forms_get);
