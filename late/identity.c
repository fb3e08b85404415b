// SPDX-License-Identifier: GPL-2.0
/*
 * Which build of a target module this is.
 *
 * The livepatch core goes by a module's name alone, and a livepatch that was made for one build
 * corrupts another.  To refuse in pre_patch would be too late: by then the core has looked up every
 * function and every symbol, and a build that lacks one is refused by the core itself.  So the
 * question is asked before: at the entry of klp_module_coming(), the first that the livepatch core
 * hears of a module.  For a build that we don't know our object gets a name there that no module
 * has: the core then passes it by, and the module runs as if there were no livepatch.
 *
 * Were this part of the kernel, it would be a callback that klp_module_coming() calls before
 * klp_init_object_loaded().
 */
#include "late.h"

#include <linux/ftrace.h>
#include <linux/kobject.h>
#include <linux/string.h>
#include <linux/utsname.h>
#include <linux/version.h>

/* --- identity -------------------------------------------------------------------------------- */

/* Where the module loader has put the module's read-only data, notes included. */
static const void *read_only_data(const struct module *mod, size_t *size)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	*size = mod->mem[MOD_RODATA].size;
	return mod->mem[MOD_RODATA].base;
#else
	*size = mod->core_layout.ro_size - mod->core_layout.text_size;
	return mod->core_layout.base + mod->core_layout.text_size;
#endif
}

/*
 * Nothing that a module can be asked says where its notes are before its directory in sysfs is
 * made, which is after it was patched.  So they are looked for: a note begins at a multiple of 4,
 * and 20 bytes of a SHA-1 are not found by chance.
 */
bool klatch_recognises(const struct klatch_object *object, const struct module *mod)
{
	size_t size, at;
	const void *data = read_only_data(mod, &size);

	for (at = 0; at + object->note_size <= size; at += 4)
		if (!memcmp(data + at, object->note, object->note_size))
			return true;
	return false;
}

/* The version magic of two builds of one release is the same; their version is not. */
bool klatch_kernel_is_right(void)
{
	const char *running = init_utsname()->version;

	if (!strcmp(running, klatch_livepatch.kernel))
		return true;
	pr_err("made for another build of this kernel (%s), this is %s\n", klatch_livepatch.kernel,
	       running);
	return false;
}

/* --- the watch ------------------------------------------------------------------------------- */

/*
 * Makes the livepatch core see a target, or pass it by.  It compares the name only with those of
 * modules that are there or coming, and a module of this name can come only once at a time, so the
 * name never changes under one who needs it to stay: any other reader finds a good name, old or
 * new.
 */
static void decide(struct klatch_target *target, const struct module *mod)
{
	const char *name = target->object->name;

	if (klatch_policy()->early && mod->state == MODULE_STATE_COMING) {
		name = target->unpatched;
	} else if (!klatch_recognises(target->object, mod)) {
		pr_warn("%s is another build than this livepatch was made for: %s\n", name,
			klatch_livepatch.refuse_mismatch ? "it is refused" : "it runs unpatched");
		if (!klatch_livepatch.refuse_mismatch)
			name = target->unpatched;
	}
	WRITE_ONCE(target->klp->name, name);
}

static void see(const struct module *mod)
{
	u32 i;

	for (i = 0; i < klatch_livepatch.nr_objects; i++) {
		const char *name = klatch_targets[i].object->name;

		if (name && !strcmp(name, mod->name))
			decide(&klatch_targets[i], mod);
	}
}

/*
 * Runs at the entry of klp_module_coming(mod).  The module is complete, relocations and all, but
 * nothing of it has run, and the livepatch core has not looked at it.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
static void notrace see_coming(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
			       struct ftrace_regs *fregs)
{
	see((struct module *)regs_get_kernel_argument(ftrace_get_regs(fregs), 0));
}
#else
static void notrace see_coming(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
			       struct pt_regs *regs)
{
	see((struct module *)regs_get_kernel_argument(regs, 0));
}
#endif

/* As for livepatches themselves: ftrace can't be switched off under it. */
static struct ftrace_ops watch = {
	.func = see_coming,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_PERMANENT,
};

/*
 * A module that is there already, found in /sys/module: find_module() is not exported.  The
 * reference to its kobject keeps the module's memory, since free_module() waits for it.
 */
static void see_loaded(struct klatch_target *target)
{
	struct kobject *kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, target->object->name);
	struct module *mod = kobj ? container_of(kobj, struct module_kobject, kobj)->mod : NULL;

	if (mod)
		decide(target, mod);
	else if (klatch_policy()->early)
		WRITE_ONCE(target->klp->name, target->unpatched);
	kobject_put(kobj);
}

/*
 * Everything that comes from now on is seen by the watch, and what is there already by
 * see_loaded(). One that has passed klp_module_coming(), but is not in sysfs yet, is seen by
 * neither: then our pre_patch does not recognise it, and this livepatch can't be loaded at that
 * moment.
 */
int klatch_watch_targets(void)
{
	int ret;
	u32 i;

	ret = ftrace_set_filter_ip(&watch, (unsigned long)klp_module_coming, 0, 0);
	if (!ret)
		ret = register_ftrace_function(&watch);
	if (ret) {
		pr_err("modules that come can't be watched: error %d\n", ret);
		return ret;
	}
	for (i = 0; i < klatch_livepatch.nr_objects; i++)
		if (klatch_targets[i].object->name)
			see_loaded(&klatch_targets[i]);
	return 0;
}

/* Returns when nobody is in see_coming() any more. */
void klatch_unwatch_targets(void)
{
	unregister_ftrace_function(&watch);
	ftrace_free_filter(&watch);
}

/* --- what sysfs says ------------------------------------------------------------------------- */

static const char *target_state(const struct klatch_target *target)
{
	struct kobject *kobj = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, target->object->name);
	struct module *mod = kobj ? container_of(kobj, struct module_kobject, kobj)->mod : NULL;
	const char *state = "absent";

	if (mod && target->klp->patched)
		state = "patched";
	else if (mod)
		state = klatch_recognises(target->object, mod) ? "unpatched" : "unrecognised";
	kobject_put(kobj);
	return state;
}

/* /sys/module/<livepatch>/parameters/targets: a line for each module, its name and its state. */
static int get_targets(char *buffer, const struct kernel_param *param)
{
	int length = 0;
	u32 i;

	for (i = 0; klatch_targets && i < klatch_livepatch.nr_objects; i++)
		if (klatch_targets[i].object->name)
			length += scnprintf(buffer + length, PAGE_SIZE - length, "%s %s\n",
					    klatch_targets[i].object->name,
					    target_state(&klatch_targets[i]));
	return length;
}

static const struct kernel_param_ops targets_ops = {.get = get_targets};
module_param_cb(targets, &targets_ops, NULL, 0444);
