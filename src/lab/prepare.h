/*
 * What has to be known for a trial, and the initramfs made of it.
 */
#ifndef KLATCH_LAB_PREPARE_H
#define KLATCH_LAB_PREPARE_H

#include <glib.h>

#include "base/cleanup.h"
#include "check/check.h"
#include "lab/lab.h"
#include "lab/plan.h"

/* What is known of the livepatch, and the plan for it. */
struct preparation {
	const struct lab_trial *trial;
	char *name;	    /* the livepatch's module name */
	GPtrArray *needs;   /* of char *: modules that the livepatch itself depends on */
	GPtrArray *objects; /* of struct check_object */
	GPtrArray *targets; /* of struct plan_target, in order of loading */
	struct plan *plan;
};

/* Reads the livepatch and its targets, and reads or makes the plan. */
struct preparation *prepare(const struct lab_trial *trial, GError **error);
void preparation_free(struct preparation *preparation);
DEFINE_AUTO(preparation, preparation_free)

/* Adds the names of a module and of what it needs, in order of loading, each once. */
gboolean prepare_dependencies(const struct kernel *kernel, const char *name, GPtrArray *names,
			      GError **error);

/* Writes the initramfs: the guest, the livepatch, all modules and programs of the plan, the plan.
 */
gboolean pack(const struct preparation *preparation, const char *path, GError **error);

#endif
