// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a livepatch: the builder's tables become a struct klp_patch when the module is
 * loaded, and it is freed with the module.
 */
#include "late.h"

#include <linux/mm.h>
#include <linux/slab.h>

struct klp_patch klatch_patch = {.mod = THIS_MODULE};

/* An empty entry ends it. */
static struct klp_state states[2] = {{.id = KLATCH_STATE}};

struct klatch_target *klatch_targets;

bool klatch_has_ended(void)
{
	return THIS_MODULE->state == MODULE_STATE_LIVE && !klatch_patch.enabled;
}

static struct klatch_target *target_of(struct klp_object *obj)
{
	return &klatch_targets[obj - klatch_patch.objs];
}

/*
 * The kernel calls this for an object that is loaded when the livepatch is enabled, and for a
 * module each time it comes: with klp_mutex held, after the object's symbols were resolved, before
 * ftrace is armed for its functions.  An error refuses the livepatch, or the module that comes.
 */
static int prepare(struct klatch_target *target)
{
	struct klp_object *obj = target->klp;
	const char *name = target->object->name;

	if (!name)
		return 0;
	if (!klatch_policy()->plain && !klatch_recognises(target->object, obj->mod)) {
		pr_err("%s is another build than this livepatch was made for\n", name);
		return -EINVAL;
	}
	/* In sysfs too it has the module's name, if it was enabled under another. */
	if (strcmp(kobject_name(&obj->kobj), name) && kobject_rename(&obj->kobj, name))
		pr_warn("%s has another name in sysfs\n", name);
	return klatch_policy()->pre_patch ? klatch_policy()->pre_patch(target) : 0;
}

static void clean_up(struct klatch_target *target)
{
	if (klatch_policy()->post_unpatch && target->object->name)
		klatch_policy()->post_unpatch(target);
}

/* Ours comes before the author's, which may already refer to what is bound late. */
static int pre_patch(struct klp_object *obj)
{
	struct klatch_target *target = target_of(obj);
	int ret = prepare(target);

	if (ret)
		return ret;
	ret = klatch_call_pre_patch(target->object, obj);
	if (ret)
		clean_up(target);
	return ret;
}

static void post_patch(struct klp_object *obj)
{
	klatch_call_post_patch(target_of(obj)->object, obj);
}

static void pre_unpatch(struct klp_object *obj)
{
	klatch_call_pre_unpatch(target_of(obj)->object, obj);
}

static void post_unpatch(struct klp_object *obj)
{
	klatch_call_post_unpatch(target_of(obj)->object, obj);
	clean_up(target_of(obj));
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

static void fill_target(struct klatch_target *target, const struct klatch_object *object,
			struct klp_object *klp)
{
	target->object = object;
	target->klp = klp;
	if (object->name)
		snprintf(target->unpatched, sizeof(target->unpatched), "%s.unpatched",
			 object->name);

	klp->name = object->name;
	klp->callbacks.pre_patch = pre_patch;
	klp->callbacks.post_patch = post_patch;
	klp->callbacks.pre_unpatch = pre_unpatch;
	klp->callbacks.post_unpatch = post_unpatch;
	fill_funcs(klp->funcs, object);
}

/* Our parameter in sysfs can be read before the module's init has run, and while its exit runs. */
static void publish(struct klatch_target *targets)
{
	kernel_param_lock(THIS_MODULE);
	klatch_targets = targets;
	kernel_param_unlock(THIS_MODULE);
}

/* All objects, in the order of the builder's, and all their functions, in one allocation. */
static struct klp_object *make_objects(void)
{
	const struct klatch_object *from = klatch_livepatch.objects;
	u32 nr = klatch_livepatch.nr_objects;
	struct klatch_target *targets;
	struct klp_object *objs;
	struct klp_func *funcs;
	size_t nr_funcs = 0;
	u32 i;

	/* An empty entry ends each array. */
	for (i = 0; i < nr; i++)
		nr_funcs += from[i].nr_funcs + 1;

	objs = kvzalloc((nr + 1) * sizeof(*objs) + nr_funcs * sizeof(*funcs) +
				nr * sizeof(*targets),
			GFP_KERNEL);
	if (!objs)
		return NULL;

	funcs = (struct klp_func *)(objs + nr + 1);
	targets = (struct klatch_target *)(funcs + nr_funcs);
	for (i = 0; i < nr; i++) {
		objs[i].funcs = funcs;
		fill_target(&targets[i], &from[i], &objs[i]);
		funcs += from[i].nr_funcs + 1;
	}
	publish(targets);
	return objs;
}

static void free_objects(void)
{
	publish(NULL);
	kvfree(klatch_patch.objs);
}

static int check_builder(void)
{
	int ret = 0;
	u32 i;

	if (klatch_livepatch.policy >= KLATCH_NR_POLICIES || !klatch_kernel_is_right())
		return -ENOEXEC;
	for (i = 0; i < klatch_livepatch.nr_objects && !ret; i++)
		ret = klatch_check_pristine(&klatch_livepatch.objects[i]);
	return ret;
}

/*
 * If it fails, klp_enable_patch() returns only after the last reference to the kobjects in our
 * structures is gone, and the ftrace handler can't see a function of ours.
 */
static int enable(void)
{
	const struct klatch_policy_ops *policy = klatch_policy();
	int ret;

	ret = policy->init ? policy->init() : 0;
	if (ret)
		return ret;
	ret = klp_enable_patch(&klatch_patch);
	if (ret && policy->exit)
		policy->exit();
	/* From now on tasks may run our code, and hand out addresses in it. */
	if (!ret && klatch_livepatch.stays)
		__module_get(THIS_MODULE);
	return ret;
}

static int __init klatch_init(void)
{
	int ret = check_builder();

	if (ret)
		return ret;
	klatch_patch.objs = make_objects();
	if (!klatch_patch.objs)
		return -ENOMEM;
	klatch_patch.replace = klatch_livepatch.replace;
	states[0].version = klatch_livepatch.version;
	if (klatch_livepatch.version)
		klatch_patch.states = states;

	ret = klatch_policy()->plain ? 0 : klatch_watch_targets();
	if (!ret) {
		ret = enable();
		if (ret && !klatch_policy()->plain)
			klatch_unwatch_targets();
	}
	if (ret)
		free_objects();
	return ret;
}

/*
 * The livepatch core holds a reference to this module from klp_enable_patch() until its last
 * access to the structures (klp_free_patch_finish()), so none is left when this runs.  A forced
 * livepatch never gives the reference back: it stays, and so do the structures.  The same goes for
 * one that has a reference to itself.
 */
static void __exit klatch_exit(void)
{
	rcu_barrier(); /* shadow.c may have left objects to be freed */
	if (klatch_policy()->exit)
		klatch_policy()->exit();
	if (!klatch_policy()->plain)
		klatch_unwatch_targets();
	free_objects();
}

module_init(klatch_init);
module_exit(klatch_exit);
