/*
 * A set as it was read (lab/torture.h): what the modules and livepatches in it do.
 */
#ifndef KLATCH_LAB_TORTURE_SET_H
#define KLATCH_LAB_TORTURE_SET_H

#include "lab/torture.h"

/* Another build of a target. */
struct torture_other {
	char *label;
	char **words;
};

struct torture_target {
	char *name;
	char *file;
	char **words;
	GPtrArray *needs;  /* of struct torture_target, borrowed */
	GPtrArray *others; /* of struct torture_other, owned */
	guint index;
};

struct torture_failure {
	struct torture_target *target;
	char *load; /* label and parameters */
	char *says; /* what the kernel says, or NULL */
};

struct torture_flip {
	char *name;
	struct torture_target *target;
	char *file;
	char **values;
};

struct torture_livepatch {
	char *name;
	GPtrArray *words; /* by the target's index: of char **, owned; NULL if it replaces nothing
			     of it */
	gboolean cumulative;
};

struct torture_set {
	char *declarations; /* the text without the lines of torture */
	GPtrArray *targets, *failures, *flips, *livepatches; /* owned */
	GPtrArray *programs; /* of char *, with their arguments; owned */
};

#endif
