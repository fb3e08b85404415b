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
 *	livepatch NAME [--late=POLICY] [--replace] [--version=N] PATCH...
 *					one that klatch builds, of that module name, as with
 *					these options of klatch build;
 *					with split it is that of vmlinux, or the first, and each
 *					module's own one follows the module; with no-late
 *					fixed_MODULE is each fixed module
 *	module NAME FILE.ko		one from outside, called NAME in the steps whatever its own
 *					name is: so several builds of a module are told apart
 *	modules NAME...			modules of the kernel that no step loads by name
 *	follow MODULE LIVEPATCH		whenever the module was loaded, the livepatch is; when it
 *					was removed, that is too: what modprobe does with the lines
 *					of klatch build --late=split
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
 *	unload NAME			a module; a livepatch: once it is disabled, and one
 *					that stays (link/kept.h) must be refused
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
 *	behaves FILE TEXT		FILE says just this, now; its lines are made one
 *	turns FILE LIVEPATCH BEFORE | AFTER	so while a transition may go on: one text before it,
 *					the other after it has come to the task that reads
 *	write FILE TEXT
 *	mount SOURCE TYPE DIRECTORY	a device, or an image that came along
 *	umount DIRECTORY
 *	plug DRIVER,id=ID[,NAME=VALUE...]	a device of QEMU comes
 *	unplug ID			and goes
 *	log TEXT			within some seconds the kernel says this: no warning then
 *	learn				the kernel's warnings in this step are normal
 *	unchecked			this step's end is not checked, but for the log
 *	wait MILLISECONDS
 *	repeat TIMES ... end		the lines between, so many times
 *	begin VERB...			load, disable, run: without waiting for its end
 *	refused VERB...			load, unload, write, mount: it must fail
 *
 * With a device or a plug the machine loads by itself the modules that are in it and fit a device
 * that comes, as udev does.  What is loaded by name and built into this kernel is there already;
 * the devices that are there then are told of anew.
 */
#ifndef KLATCH_LAB_PLAN_H
#define KLATCH_LAB_PLAN_H

#include <glib.h>

#include "base/cleanup.h"

enum plan_kind {
	PLAN_LIVEPATCH,
	PLAN_MODULE,
	PLAN_KERNEL_MODULE, /* one for each name */
	PLAN_FOLLOW,	    /* name: the module; rest: the livepatch */
	PLAN_MADE,
	PLAN_FILE,
	PLAN_DISK,
	PLAN_DEVICE,
	PLAN_BOOT,
};

/* Something that is in the machine, or one of the kernel's arguments. */
struct plan_item {
	enum plan_kind kind;
	guint line;
	char *name; /* of PLAN_DEVICE and PLAN_BOOT the text */
	char *rest; /* what stands behind it: files, a command; or "" */
	char *path; /* where it was built or made; NULL: not yet, or it needs not */
};

/* A verb with its arguments. */
struct plan_line {
	guint number;
	char *text;
};

struct plan_step {
	char *text;
	GPtrArray *lines; /* of struct plan_line, owned */
};

struct plan {
	char *name;	  /* its path */
	GPtrArray *items; /* of struct plan_item, owned */
	GPtrArray *steps; /* of struct plan_step, owned */
};

/*
 * Reads a plan.  livepatch: the file of one that is declared already, under the name `livepatch`;
 * or NULL.  KLATCH_INPUT naming the file and the line if it is not one.
 */
struct plan *plan_parse(const char *text, const char *name, const char *livepatch, GError **error);
struct plan *plan_read(const char *path, const char *livepatch, GError **error);

/* For who composes one. */
struct plan *plan_new(const char *name);
struct plan_item *plan_declare(struct plan *plan, enum plan_kind kind, const char *name,
			       const char *rest);
struct plan_step *plan_add_step(struct plan *plan, const char *format, ...) G_GNUC_PRINTF(2, 3);
void plan_add_line(struct plan_step *step, const char *verb, const char *argument);

void plan_free(struct plan *plan);
DEFINE_AUTO(plan, plan_free)

/* The item of a kind and name, or NULL. */
struct plan_item *plan_item(const struct plan *plan, enum plan_kind kind, const char *name);

/* The file that a plan means by a name: one that was made, or one beside the plan.  Caller frees.
 */
char *plan_path(const struct plan *plan, const char *file);

/* The file of a livepatch, a module, a disk or a file to take along.  Caller frees. */
char *plan_item_path(const struct plan *plan, const struct plan_item *item);

/* Whether klatch has still to build a livepatch, of patches. */
gboolean plan_item_is_built(const struct plan_item *item);

/* Whether devices are in the machine, or come. */
gboolean plan_has_devices(const struct plan *plan);

/* The steps as text, as the guest reads them.  Caller frees. */
char *plan_text(const struct plan *plan);

/* A word of a plan, and the first line where it stands. */
struct plan_word {
	char *text;
	guint line;
};

/* The first arguments of all lines of a verb, each once, in order: of struct plan_word, owned. */
GPtrArray *plan_words(const struct plan *plan, const char *verb);

/* KLATCH_INPUT: something is wrong with a line. */
void plan_blame(const struct plan *plan, guint line, const char *why, const char *hint,
		GError **error);

#endif
