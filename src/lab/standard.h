/*
 * The plan of a trial whose user has none.
 */
#ifndef KLATCH_LAB_STANDARD_H
#define KLATCH_LAB_STANDARD_H

#include <glib.h>

#include "lab/lab.h"
#include "lab/plan.h"

/* A module that the livepatch replaces functions of. */
struct plan_target {
	char *name;
	guint functions; /* how many of it are replaced */
	gboolean removable;
	GPtrArray *needs; /* of char *, owned: other targets it depends on, in order of loading */
};

struct plan_target *plan_target_new(const char *name, guint functions, gboolean removable);
void plan_target_free(struct plan_target *target);

/*
 * The steps for a livepatch called `livepatch`.  functions: how many of vmlinux are replaced;
 * targets: of struct plan_target, each after those that it needs; stays: once it was loaded its
 * module can't be removed, nor be loaded again.
 */
struct plan *plan_standard(guint functions, const GPtrArray *targets, gboolean stays);

#endif
