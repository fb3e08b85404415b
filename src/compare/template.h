/*
 * Scenarios for any patch of a module: the texts in scenarios/ are lab/plan.h's language with what
 * differs by patch and by policy left open.
 *
 *	$T $OTHER $LACKING $FAILING	the target, and builds of it (compare/builds.h)
 *	enable, disable		load the livepatch; disable and remove it
 *	come [BUILD], go	load the target, or a build of it; remove it
 *	events 0|1		switch the target's tracepoints, if it has any
 *	repeat N ... end	the lines between, so many times
 *
 * With policy split the target's own livepatch comes and goes with it, as its glue has it.  The
 * first line says in words what the scenario is about.
 */
#ifndef KLATCH_COMPARE_TEMPLATE_H
#define KLATCH_COMPARE_TEMPLATE_H

#include <glib.h>

#include "compare/builds.h"
#include "lab/plan.h"

struct template_values {
	const char *target;
	const char *builds[NR_BUILDS]; /* paths of the files, by enum build; NULL: can't be made */
	const char *livepatch;	       /* path; NULL: there is none but the target's own */
	const char *own;    /* path of the target's own livepatch; NULL: not policy split */
	const char *events; /* the system of the target's tracepoints; NULL: it has none */
};

/* The names of the scenarios, in the order in which they are run; NULL-terminated. */
extern const char *const template_names[];

/* What a scenario is about.  Caller frees. */
char *template_title(const char *name);

/* Whether it can be had: FALSE if it needs a build that can't be made. */
gboolean template_possible(const char *name, const struct template_values *values);

/*
 * Fills in scenarios for one machine, one after the other; each leaves it as it found it.  First of
 * all the target is tried alone.  ends: for the first step and for each scenario the index behind
 * its last step is appended (guint).
 */
struct plan *template_plan(const char *const *names, const struct template_values *values,
			   GArray *ends);

#endif
