/*
 * What the guest reports, read against the plan it was given.  The text may end anywhere: the
 * machine may have died.
 */
#ifndef KLATCH_LAB_REPORT_H
#define KLATCH_LAB_REPORT_H

#include <glib.h>

#include "lab/lab.h"
#include "lab/plan.h"

struct report {
	gboolean greeted;      /* the guest was there at all */
	gboolean ended;	       /* it went to the end of the plan, or to a step that failed */
	gboolean sound;	       /* every line was one that a guest writes, in its order */
	struct lab_step *died; /* not ended: the step where it stops, then LAB_FAILED. Borrowed */
	GPtrArray *steps;      /* of struct lab_step, owned: one for each step of the plan */
};

struct report *report_read(const struct plan *plan, const char *text, gsize size);
void report_free(struct report *report);
DEFINE_AUTO(report, report_free)

void lab_step_free(struct lab_step *step);

/* Adds lines to a step's detail. */
void lab_step_say(struct lab_step *step, const char *text);

#endif
