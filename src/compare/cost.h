/*
 * What a policy costs in code: counted from the sources of the kernel side and of the builder,
 * which the program carries, and from the kernel side as it was compiled for a kernel.
 *
 * To a policy belongs, of the kernel side, what its row of the table in late/policy.c leads to, and
 * what the life of any livepatch leads to; of the builder, what the table in cost.c says.  Lines
 * with code are counted, not those that are blank or hold a comment only.
 */
#ifndef KLATCH_COMPARE_COST_H
#define KLATCH_COMPARE_COST_H

#include <glib.h>

#include "base/cleanup.h"
#include "kernel/kernel.h"
#include "klatch.h"

struct cost_file {
	const char *name;
	guint lines;
};

struct cost {
	GPtrArray *files;   /* of struct cost_file, owned, by name */
	guint kernel_side;  /* lines in late/ */
	guint builder;	    /* lines in src/ */
	guint architecture; /* of both, those in files of one architecture */
	guint conditions;   /* on the kernel's version */
	/* All of char *, owned, sorted, each once. */
	GPtrArray *exported;   /* symbols of vmlinux */
	GPtrArray *unexported; /* those that the kernel does not promise to keep */
	GPtrArray *fields;     /* of kernel structures: "module.state" */
	GPtrArray *checks;     /* functions of the kernel side that find fault and say so */
};

/* For a kernel for which the kernel side is compiled (link/runtime.h). */
struct cost *cost_count(enum klatch_policy policy, const struct kernel *kernel, GError **error);
void cost_free(struct cost *cost);
DEFINE_AUTO(cost, cost_free)

#endif
