// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a livepatch: the builder's tables become a struct klp_patch when the module is
 * loaded, and it is freed with the module.
 */
#include "late.h"

#include <linux/livepatch.h>
#include <linux/mm.h>
#include <linux/slab.h>

static struct klp_patch patch = {.mod = THIS_MODULE};

/*
 * The kernel calls this for an object that is loaded when the livepatch is enabled, and for a
 * module each time it comes: with klp_mutex held, after the object's symbols were resolved, before
 * ftrace is armed for its functions.  An error refuses the livepatch, or the module that comes.
 */
static int pre_patch(struct klp_object *obj)
{
	return klatch_bind(&klatch_objects[obj - patch.objs]);
}

static void fill_funcs(struct klp_func *funcs, const struct klatch_object *from)
{
	u32 i;

	for (i = 0; i < from->nr_funcs; i++) {
		funcs[i].old_name = from->funcs[i].name;
		funcs[i].new_func = from->funcs[i].replacement;
		funcs[i].old_sympos = from->funcs[i].sympos;
	}
}

/* All objects, in the order of klatch_objects, and all their functions, in one allocation. */
static struct klp_object *make_objects(void)
{
	struct klp_object *objs;
	struct klp_func *funcs;
	size_t nr_funcs = 0;
	u32 i;

	/* An empty entry ends each array. */
	for (i = 0; i < klatch_nr_objects; i++)
		nr_funcs += klatch_objects[i].nr_funcs + 1;

	objs = kvzalloc((klatch_nr_objects + 1) * sizeof(*objs) + nr_funcs * sizeof(*funcs),
			GFP_KERNEL);
	if (!objs)
		return NULL;

	funcs = (struct klp_func *)(objs + klatch_nr_objects + 1);
	for (i = 0; i < klatch_nr_objects; i++) {
		objs[i].name = klatch_objects[i].name;
		objs[i].funcs = funcs;
		objs[i].callbacks.pre_patch = pre_patch;
		fill_funcs(funcs, &klatch_objects[i]);
		funcs += klatch_objects[i].nr_funcs + 1;
	}
	return objs;
}

static int __init klatch_init(void)
{
	int ret;
	u32 i;

	for (i = 0; i < klatch_nr_objects; i++) {
		ret = klatch_check_pristine(&klatch_objects[i]);
		if (ret)
			return ret;
	}

	patch.objs = make_objects();
	if (!patch.objs)
		return -ENOMEM;

	/*
	 * If it fails, klp_enable_patch() returns only after the last reference to the kobjects
	 * in our structures is gone, and the ftrace handler can't see a function of ours.
	 */
	ret = klp_enable_patch(&patch);
	if (ret)
		kvfree(patch.objs);
	return ret;
}

/*
 * The livepatch core holds a reference to this module from klp_enable_patch() until its last
 * access to the structures (klp_free_patch_finish()), so none is left when this runs.  A forced
 * livepatch never gives the reference back: it stays, and so do the structures.
 */
static void __exit klatch_exit(void)
{
	kvfree(patch.objs);
}

module_init(klatch_init);
module_exit(klatch_exit);
