// SPDX-License-Identifier: GPL-2.0
/*
 * The second unit of kt_target: a static function and a static variable that have the names of some
 * in the first.
 */
#include <linux/compiler.h>

#include "build.h"
#include "target.h"

static int twin_state = 20;

static noinline int twin(int value)
{
	return KT_BUILD + READ_ONCE(twin_state) + value;
}

/* The init function of the other unit has one of this name too, which is gone afterwards. */
static noinline int once(int value)
{
	return KT_BUILD + value;
}

int kt_twin_value(void)
{
	return once(twin(1));
}
