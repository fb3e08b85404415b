/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For patches: #include <klatch/patch.h>.  Functions that a livepatch calls when it comes and goes,
 * written in the patch itself; klatch-build(1) says when each is called.
 *
 *	static int set_up(struct klp_object *object) ...
 *	static void tear_down(struct klp_object *object) ...
 *	KLATCH_CALLBACKS(limits, .pre_patch = set_up, .post_unpatch = tear_down);
 *
 * They belong to the object (vmlinux or a module) of the source file that they stand in.  One file
 * may have several such sets, told apart by their names.  Shadow variables are the kernel's own
 * (klp_shadow_alloc() and others, in linux/livepatch.h).
 */
#ifndef KLATCH_PATCH_H
#define KLATCH_PATCH_H

#ifdef __KERNEL__
#include <linux/livepatch.h>
#else
struct klp_object;
#endif

/* What struct klp_callbacks has that an author may set. */
struct klatch_callbacks {
	int (*pre_patch)(struct klp_object *object);
	void (*post_patch)(struct klp_object *object);
	void (*pre_unpatch)(struct klp_object *object);
	void (*post_unpatch)(struct klp_object *object);
};

/* The builder looks for it, and hands it to late/callbacks.c. */
#define KLATCH_CALLBACKS_SECTION ".klatch.callbacks"

#define KLATCH_CALLBACKS(name, ...)                                                                \
	static const struct klatch_callbacks klatch_callbacks_##name __used __section(             \
		KLATCH_CALLBACKS_SECTION) = {__VA_ARGS__}

#endif
