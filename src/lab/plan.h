/*
 * Plans: the steps that a trial goes through, a small text.
 *
 *	# a comment
 *	step what this step shows, in words
 *		load tun
 *		patched tun
 *
 * After every step the kernel log is read: a new warning fails it.  The first verb of a step that
 * fails, or that this machine can't do, ends the step; a failed step ends the plan.  The verbs:
 *
 *	load NAME		a module, after what it needs; `livepatch`: wait for its transition
 *	unload NAME		a module; `livepatch`: once it is disabled
 *	patched OBJECT		sysfs and ftrace say that all functions of it are replaced
 *	disable livepatch	and wait for its transition
 *	learn			the kernel's warnings in this step are normal
 *	run PROGRAM [ARG...]	a static program, named relative to the plan; its output is shown
 *	expect TEXT		that output holds this text
 *	wait MILLISECONDS
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
