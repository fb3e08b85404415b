// SPDX-License-Identifier: GPL-2.0
/*
 * Functions without an fentry site: a kprobe on the first instruction sends who comes to the
 * replacement, as the kernel's error injection does (kernel/fail_function.c).
 *
 * Each task changes over when the livepatch core moves it.  What the core does not do for them is
 * to look for the original on its stack: a task that sleeps there goes on in it.  So the builder
 * lets no such function call another that is replaced.  Nor does it look for the replacement there
 * when the livepatch ends: so the livepatch's module stays.
 *
 * While the handler of a kprobe runs, no other is hit: what it calls is the original.  So the
 * builder takes no functions that handlers have cause to call, and what was missed is told.
 */
#include "late.h"

#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#ifndef KLP_UNDEFINED
#define KLP_UNDEFINED KLP_TRANSITION_IDLE
#define KLP_PATCHED   KLP_TRANSITION_PATCHED
#endif

/* kernel/livepatch/transition.c; its header is not for modules. */
extern struct klp_patch *klp_transition_patch;

/* The builder's. */
extern struct klatch_probe klatch_probes[], klatch_probes_end[];

struct probe {
	struct kprobe kprobe;
	void *replacement;
};

/*
 * Whether the current task is to run our functions.  A transition gives each task a state before it
 * begins and takes it back when it is done, and the livepatch core has set `enabled` before that.
 * If it is another livepatch that takes our place, it looks after those who are moved already: its
 * own kprobe comes behind ours.
 */
static bool is_patched(void)
{
	int state = READ_ONCE(current->patch_state);
	const struct klp_patch *transition;

	if (state == KLP_UNDEFINED)
		return READ_ONCE(klatch_patch.enabled);
	smp_rmb(); /* the state is set after klp_transition_patch */
	transition = READ_ONCE(klp_transition_patch);
	if (transition == &klatch_patch)
		return state == KLP_PATCHED;
	if (transition && transition->replace && state == KLP_PATCHED)
		return false;
	return READ_ONCE(klatch_patch.enabled);
}

static int send(struct kprobe *kprobe, struct pt_regs *regs)
{
	struct probe *probe = container_of(kprobe, struct probe, kprobe);

	if (!is_patched())
		return 0;
	instruction_pointer_set(regs, (unsigned long)probe->replacement);
	return 1;
}

/* With a handler for afterwards the probe is not made a jump, which could lead nowhere else
 * (Documentation/trace/kprobes.rst, "Jump Optimization"). */
static void pass(struct kprobe *kprobe, struct pt_regs *regs, unsigned long flags)
{
}

static bool is_of(const struct klatch_probe *entry, const struct klp_object *object)
{
	const char *name = object->mod ? object->mod->name : NULL;

	return entry->object && name ? !strcmp(entry->object, name) : entry->object == name;
}

static void disarm(struct klatch_probe *entry)
{
	struct probe *probe = entry->kprobe;

	if (!probe)
		return;
	unregister_kprobe(&probe->kprobe); /* returns when nobody is in send() */
	if (probe->kprobe.nmissed)
		pr_warn("the original of %s ran %lu times, where handlers of kprobes called it\n",
			entry->func.name, probe->kprobe.nmissed);
	kfree(probe);
	entry->kprobe = NULL;
}

static int arm(struct klatch_probe *entry)
{
	struct probe *probe = kzalloc(sizeof(*probe), GFP_KERNEL);
	int ret;

	if (!probe)
		return -ENOMEM;
	probe->replacement = entry->func.replacement;
	probe->kprobe.addr = entry->original;
	probe->kprobe.pre_handler = send;
	probe->kprobe.post_handler = pass;
	ret = register_kprobe(&probe->kprobe);
	if (ret) {
		pr_err("%s can't have a kprobe: error %d\n", entry->func.name, ret);
		kfree(probe);
		return ret;
	}
	entry->kprobe = probe;
	/* All kprobes can be switched off, by debugfs; then nothing was written. */
	if (*probe->kprobe.addr == probe->kprobe.opcode) {
		pr_err("%s can't be replaced: kprobes are disarmed\n", entry->func.name);
		return -EPERM;
	}
	return 0;
}

/* /sys/module/<livepatch>/parameters/probes: a line for each kprobe, its object and function. */
static int get_probes(char *buffer, const struct kernel_param *param)
{
	const struct klatch_probe *entry;
	int length = 0;

	for (entry = klatch_probes; entry < klatch_probes_end; entry++)
		if (READ_ONCE(entry->kprobe))
			length += scnprintf(buffer + length, PAGE_SIZE - length, "%s %s\n",
					    entry->object ? entry->object : "vmlinux",
					    entry->func.name);
	return length;
}

static const struct kernel_param_ops probes_ops = {.get = get_probes};
module_param_cb(probes, &probes_ops, NULL, 0444);

/* A set of callbacks, as patches may have them; an object may have it more than once. */
int klatch_probe_pre_patch(struct klp_object *object)
{
	struct klatch_probe *entry;
	int ret = 0;

	for (entry = klatch_probes; entry < klatch_probes_end && !ret; entry++)
		if (is_of(entry, object) && !entry->kprobe)
			ret = arm(entry);
	if (ret)
		klatch_probe_post_unpatch(object);
	return ret;
}

void klatch_probe_post_unpatch(struct klp_object *object)
{
	struct klatch_probe *entry;

	for (entry = klatch_probes; entry < klatch_probes_end; entry++)
		if (is_of(entry, object))
			disarm(entry);
}
