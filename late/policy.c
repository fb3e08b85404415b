// SPDX-License-Identifier: GPL-2.0
/*
 * What is done when a target comes and goes.  Policy rebind is klatch's own; the others are there
 * to be compared with it.
 */
#include "late.h"

#include <linux/notifier.h>

/* --- rebind ---------------------------------------------------------------------------------- */

static int rebind(struct klatch_target *target)
{
	return klatch_bind(target->object);
}

/* --- clear ----------------------------------------------------------------------------------- */

/*
 * The kernel has written; we clear when the module goes, as kernels from 6.3 do themselves.  Not
 * when the livepatch is disabled under a module that stays: a task may still be in the code, after
 * a forced transition.  A module that was refused between relocation and this callback is the case
 * that this policy does not cover.
 */
static void clear(struct klatch_target *target)
{
	if (target->klp->mod->state == MODULE_STATE_GOING)
		klatch_clear(target->object);
}

/* --- pin ------------------------------------------------------------------------------------- */

/* A module that is already going can't be held, and need not be. */
static int pin(struct klatch_target *target)
{
	if (try_module_get(target->klp->mod))
		target->pinned = target->klp->mod;
	return 0;
}

static void unpin(struct klatch_target *target)
{
	if (target->pinned)
		module_put(target->pinned);
	target->pinned = NULL;
}

/* Callbacks of a livepatch that was replaced by another are never called. */
static void unpin_all(void)
{
	u32 i;

	for (i = 0; i < klatch_livepatch.nr_objects; i++)
		unpin(&klatch_targets[i]);
}

/* --- no-late --------------------------------------------------------------------------------- */

/*
 * A module of the build that this livepatch was made for is vulnerable, and would stay so, since
 * what comes is not patched.  Another build may be anything, the fixed one first of all.
 */
static int refuse_vulnerable(struct notifier_block *block, unsigned long action, void *data)
{
	const struct module *mod = data;
	u32 i;

	if (action != MODULE_STATE_COMING || klatch_has_ended())
		return NOTIFY_DONE;
	for (i = 0; i < klatch_livepatch.nr_objects; i++) {
		const struct klatch_object *object = &klatch_livepatch.objects[i];

		if (!object->name || strcmp(object->name, mod->name) ||
		    !klatch_recognises(object, mod))
			continue;
		pr_err("%s is the build that has the fault: it is refused, load the fixed one\n",
		       mod->name);
		return notifier_from_errno(-EPERM);
	}
	return NOTIFY_DONE;
}

static struct notifier_block vulnerable = {.notifier_call = refuse_vulnerable};

static int watch_vulnerable(void)
{
	return register_module_notifier(&vulnerable);
}

static void unwatch_vulnerable(void)
{
	unregister_module_notifier(&vulnerable);
}

/* --------------------------------------------------------------------------------------------- */

static const struct klatch_policy_ops policies[] = {
	[KLATCH_REBIND] = {.pre_patch = rebind},
	[KLATCH_CLEAR] = {.post_unpatch = clear},
	[KLATCH_PIN] = {.pre_patch = pin, .post_unpatch = unpin, .exit = unpin_all},
	[KLATCH_NO_LATE] = {.init = watch_vulnerable, .exit = unwatch_vulnerable, .early = true},
	[KLATCH_SPLIT] = {},
	[KLATCH_KERNEL] = {.plain = true},
};

const struct klatch_policy_ops *klatch_policy(void)
{
	return &policies[klatch_livepatch.policy];
}
