/*
 * How long each stage of a piece of work took.
 */
#ifndef KLATCH_BASE_STAGES_H
#define KLATCH_BASE_STAGES_H

#include <glib.h>

struct timed_stage {
	const char *name; /* static */
	double seconds;
};

/* An empty array of struct timed_stage; caller unrefs. */
GArray *timed_stages_new(void);

/* Adds the time since `began` (g_get_monotonic_time()) to that of a stage. */
void timed_stages_add(GArray *stages, const char *name, gint64 began);

#endif
