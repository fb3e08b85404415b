// SPDX-License-Identifier: GPL-2.0
/*
 * The callbacks that patches bring along (patch.h).  Each set is treated as the livepatch core
 * treats the callbacks of an object: what began with a pre_patch that failed is not ended, what
 * began before it is; and what comes first goes last.
 */
#include "late.h"

static void post_unpatch(const struct klatch_object *object, struct klp_object *klp, u32 count)
{
	while (count--)
		if (object->callbacks[count].post_unpatch)
			object->callbacks[count].post_unpatch(klp);
}

int klatch_call_pre_patch(const struct klatch_object *object, struct klp_object *klp)
{
	u32 i;

	for (i = 0; i < object->nr_callbacks; i++) {
		const struct klatch_callbacks *callbacks = &object->callbacks[i];
		int ret = callbacks->pre_patch ? callbacks->pre_patch(klp) : 0;

		if (ret) {
			pr_err("%ps for %s: error %d\n", callbacks->pre_patch,
			       object->name ? object->name : "vmlinux", ret);
			post_unpatch(object, klp, i);
			return ret;
		}
	}
	return 0;
}

void klatch_call_post_patch(const struct klatch_object *object, struct klp_object *klp)
{
	u32 i;

	for (i = 0; i < object->nr_callbacks; i++)
		if (object->callbacks[i].post_patch)
			object->callbacks[i].post_patch(klp);
}

void klatch_call_pre_unpatch(const struct klatch_object *object, struct klp_object *klp)
{
	u32 i = object->nr_callbacks;

	while (i--)
		if (object->callbacks[i].pre_unpatch)
			object->callbacks[i].pre_unpatch(klp);
}

void klatch_call_post_unpatch(const struct klatch_object *object, struct klp_object *klp)
{
	post_unpatch(object, klp, object->nr_callbacks);
}
