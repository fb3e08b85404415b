/*
 * A module that is not the kernel's: a livepatch, or what a plan brings along.
 */
#ifndef KLATCH_LAB_OUTSIDE_H
#define KLATCH_LAB_OUTSIDE_H

#include <glib.h>

#include "base/cleanup.h"
#include "check/check.h"
#include "kernel/kernel.h"

struct outside {
	char *path;
	char *name;	    /* its own */
	char **needs;	    /* the names of modules that it depends on directly */
	GPtrArray *objects; /* of a livepatch: of struct check_object; else empty */
	gboolean stays;	    /* of a livepatch: its module can't be removed (link/kept.h) */
};

struct outside *outside_read(const char *path, gboolean is_livepatch, GError **error);
void outside_free(struct outside *outside);
DEFINE_AUTO(outside, outside_free)

/* What a livepatch replaces in vmlinux or a module, or NULL. */
const struct check_object *outside_object(const struct outside *livepatch, const char *name);

/* Adds what the guest has to know of a livepatch, called `label` there, as facts
 * (lab/guest/guest.h). */
gboolean outside_facts(const struct outside *livepatch, const struct kernel *kernel,
		       const char *label, GString *facts, GError **error);

/* Adds the names of a module and of what it needs, in order of loading, each once. */
gboolean lab_dependencies(const struct kernel *kernel, const char *name, GPtrArray *names,
			  GError **error);

#endif
