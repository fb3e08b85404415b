/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KT_COUNTERS_H
#define KT_COUNTERS_H

#include <linux/types.h>

/* What a patch gives locks. */
struct counter {
	int value;
};

struct counters {
	const char *name;
	struct counter first, second;
};

#endif
