/*
 * Scenarios: what is in the virtual machine, and the steps that it goes through; a small text.
 *
 *	# a comment
 *	livepatch fix fix.patch
 *	step what this step shows, in words
 *		load fix
 *		load tun
 *		patched tun
 *
 * A plan of klatch try is a scenario for which the command line declares the one livepatch, under
 * the name `livepatch`.  Files are named relative to the scenario.  Modules may have '-' for '_'.
 *
 * What is in the machine is declared before the first step.  Modules of the kernel that a step
 * loads by name come along by themselves, with all that they need.
 *
 *	livepatch NAME FILE.ko		one that is there, or
 *	livepatch NAME PATCH...		one that klatch builds, of that module name
 *	module NAME FILE.ko		one from outside, called NAME in the steps whatever its own
 *					name is: so several builds of a module are told apart
 *	modules NAME...			modules of the kernel that no step loads by name
 *	make NAME COMMAND...		a file made on the host by a shell command that writes $OUT:
 *					a program, an image; NAME stands for it below
 *	file FILE			a file to take along, as /files/ and its last component
 *	disk FILE			a drive of QEMU, by the last component; what is written to
 *					it is thrown away
 *	device DRIVER[,NAME=VALUE...]	a device of QEMU, there from the beginning
 *	boot ARGUMENT...		for the kernel's command line
 *
 * After every step three things are checked: the kernel log, for new warnings; that each function
 * that an enabled livepatch replaces is redirected, if its object is there; that each late
 * reference of such an object is in memory what it must be.  The first verb of a step that fails,
 * or that this machine can't do, ends the step; a failed step ends the scenario.  The verbs:
 *
 *	load NAME [PARAM=VALUE...]	a module, after what it needs; a livepatch: and wait for its
 *					transition
 *	unload NAME			a module; a livepatch: once it is disabled
 *	disable LIVEPATCH		and wait until it is gone
 *	settle LIVEPATCH		wait for its transition, whichever way it goes
 *	force LIVEPATCH			end its transition by force
 *	patched OBJECT [LIVEPATCH]	sysfs and ftrace say that all functions of it are replaced
 *	unpatched OBJECT [LIVEPATCH]	they say that none is
 *	run PROGRAM [ARG...]		a static program, to status 0; its output is shown
 *	expect TEXT			that output holds this text
 *	stop PROGRAM			end a program that was begun; its output is shown
 *	read FILE [TEXT]		within some seconds FILE is there and holds this text
 *	gone FILE			within some seconds FILE is not there
 *	write FILE TEXT
 *	mount SOURCE TYPE DIRECTORY	a device, or an image that came along
 *	umount DIRECTORY
 *	plug DRIVER,id=ID[,NAME=VALUE...]	a device of QEMU comes
 *	unplug ID			and goes
 *	log TEXT			within some seconds the kernel says this: no warning then
 *	learn				the kernel's warnings in this step are normal
 *	unchecked			this step's end is not checked, but for the log
 *	wait MILLISECONDS
 *	begin VERB...			load, disable, run: without waiting for its end
 *	refused VERB...			load, unload, write: it must fail
 *
 * With a device or a plug the machine loads by itself the modules that are in it and fit a device
 * that comes, as udev does.
 */
#ifndef KLATCH_LAB_PLAN_H
#define KLATCH_LAB_PLAN_H

#include <glib.h>

#include "base/cleanup.h"

struct plan_step {
	char *text;
	GPtrArray *lines; /* of char *, owned: verbs with their arguments */
};

struct plan {
	GPtrArray *steps; /* of struct plan_step, owned */
};

/* A module that the livepatch replaces functions of. */
struct plan_target {
	char *name;
	guint functions; /* how many of it are replaced */
	gboolean removable;
	GPtrArray *needs; /* of char *, owned: other targets it depends on, in order of loading */
};

struct plan_target *plan_target_new(const char *name, guint functions, gboolean removable);
void plan_target_free(struct plan_target *target);

/* Reads a plan.  KLATCH_INPUT naming `name` and the line if it is not one. */
struct plan *plan_parse(const char *text, const char *name, GError **error);

/*
 * The standard plan of a trial.  functions: how many of vmlinux are replaced; targets: of struct
 * plan_target, each after those that it needs.
 */
struct plan *plan_standard(guint functions, const GPtrArray *targets);

void plan_free(struct plan *plan);
DEFINE_AUTO(plan, plan_free)

/* The steps as text, as the guest reads them.  Caller frees. */
char *plan_text(const struct plan *plan);

/* The first arguments of all lines of a verb, each once, in order.  Array of char *, owned. */
GPtrArray *plan_arguments(const struct plan *plan, const char *verb);

#endif
