/*
 * What a comparison found out: one patch under each policy for late modules.
 */
#ifndef KLATCH_COMPARE_COMPARISON_H
#define KLATCH_COMPARE_COMPARISON_H

#include <glib.h>

#include "base/cleanup.h"
#include "compare/cost.h"
#include "klatch.h"
#include "lab/lab.h"

enum trial_result {
	TRIAL_PASSED,
	TRIAL_FAILED,
	TRIAL_SKIPPED, /* not possible with this target or on this machine */
};

/* A scenario that was gone through under a policy. */
struct trial {
	const char *scenario;
	enum trial_result result;
	char *step;  /* that failed or was skipped; or NULL */
	char *seen;  /* what was seen there, in words; or NULL */
	char *words; /* the kernel's own; or NULL */
	gboolean load_refused, removal_refused;
};

/* A policy with all that was found out of it. */
struct contender {
	const char *name;
	char *refusal;	   /* why there is no livepatch; NULL: there is one */
	guint64 memory;	   /* bytes that its livepatches take when loaded */
	guint files;	   /* livepatches, fixed modules, glue: what a user has to install */
	guint64 written;   /* bytes of the livepatch that are written each time the target comes */
	struct cost *cost; /* for the kernel of the comparison */
	GPtrArray *trials; /* of struct trial, owned */
	GArray *plain;	   /* of guint64: microseconds that the target took to load without it */
	GArray *patched;   /* and with it, until it is patched */
	GArray *unpatched; /* and how long it was loaded and not patched */
	guint corpus_built;
	GPtrArray *corpus_refused; /* of char *, owned: patches, and why */
};

/* What the kernel side touches in one kernel, by policy. */
struct internals {
	char *release;
	struct cost *costs[KLATCH_NR_POLICIES];
};

struct comparison {
	char *patch;	   /* the file's name */
	char *release;	   /* the kernel's */
	char *target;	   /* the module */
	char *accelerator; /* of the machines; NULL before the first */
	struct contender contenders[KLATCH_NR_POLICIES]; /* by enum klatch_policy */
	GPtrArray *internals;				 /* of struct internals, owned */
	guint corpus; /* how many patches of the corpus are for this kernel; 0: none was asked for
		       */
};

struct comparison *comparison_new(void);
void comparison_free(struct comparison *comparison);
DEFINE_AUTO(comparison, comparison_free)

/*
 * Reads some steps of a machine's report into a new trial of a contender, and the times of the
 * scenario `latency`.  Returns the trial; borrowed.
 */
const struct trial *comparison_add_trial(struct contender *contender, const char *scenario,
					 const char *target, const struct lab_report *report,
					 guint first, guint end);

/* One that was not gone through, and why. */
void comparison_skip_trial(struct contender *contender, const char *scenario, const char *why);

struct internals *internals_new(const char *release);
void internals_free(struct internals *internals);

/* The middle of some numbers, and the least of them; 0 if there are none. */
guint64 comparison_median(const GArray *numbers);
guint64 comparison_least(const GArray *numbers);

#endif
