/*
 * Which parts are one change.  For this room.
 */
#ifndef KLATCH_RELEASE_TIES_H
#define KLATCH_RELEASE_TIES_H

#include <glib.h>

#include "release/built.h"
#include "release/words.h"

struct tie {
	guint one, other; /* parts */
	char *why;	  /* for people */
};

struct ties {
	guint *change;	/* by part: the number of the part that stands for its change */
	GArray *joined; /* of struct tie: those that made changes of parts, as a tree */
};

/* parts: of struct part *.  frequencies: by word, in how many files of the tree it stands. */
struct ties *ties_find(const GPtrArray *parts, const struct words *words, const guint *frequencies,
		       const char *patched_tree, struct built *built);
void ties_free(struct ties *ties);
DEFINE_AUTO(ties, ties_free)

#endif
