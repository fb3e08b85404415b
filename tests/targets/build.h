/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KT_BUILD_H
#define KT_BUILD_H

#include <linux/moduleparam.h>

/* What functions that are replaced add to their values: a wrong build shows. */
#ifdef KT_OTHER
#define KT_BUILD 1000
#else
#define KT_BUILD 0
#endif

/* A parameter that is read by a function; one that is written by one, which gets a number. */
#define KT_SHOW(name, function)						\
	static const struct kernel_param_ops name##_ops = { .get = function }; \
	module_param_cb(name, &name##_ops, NULL, 0444)
#define KT_STORE(name, function)					\
	static int name##_set(const char *text, const struct kernel_param *kp) \
	{								\
		int value, status = kstrtoint(text, 0, &value);		\
									\
		return status ? status : function(value);		\
	}								\
	static const struct kernel_param_ops name##_ops = { .set = name##_set }; \
	module_param_cb(name, &name##_ops, NULL, 0200)

#endif
