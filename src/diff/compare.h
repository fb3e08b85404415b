/*
 * Whether two things are the same, given which symbols are.
 */
#ifndef KLATCH_DIFF_COMPARE_H
#define KLATCH_DIFF_COMPARE_H

#include <glib.h>

#include "diff/side.h"

/* A run of bytes with its relocations. */
struct range {
	const struct side *side;
	const struct section *section;
	guint64 start, size;
	guint64 ignored; /* from here, relative to start, bytes that mean nothing ... */
	guint64 ignored_size;
};

/* The first thing that differs between two ranges. */
struct difference {
	guint64 offset;				    /* in the range */
	const struct reference *original, *patched; /* if it is what they refer to; or NULL */
};

/*
 * Whether two ranges hold the same bytes outside of relocations and refer to the same things: to
 * twins, or to equal strings and constants.  If not, *difference (may be NULL) is set.
 */
gboolean ranges_equal(const struct range *original, const struct range *patched,
		      struct difference *difference);

/* Whether they are the same but for what they refer to, reference by reference. */
gboolean ranges_alike(const struct range *original, const struct range *patched);

/* A function or variable, an entry of a special section, a whole section, as a range. */
struct range range_of_entity(const struct side *side, const struct entity *entity);
struct range range_of_entry(const struct side *side, const struct entry *entry);
struct range range_of_section(const struct side *side, const struct section *section);

/* "code differs at +0x14", "refers to bar instead of foo at +0x20".  Caller frees. */
char *difference_text(const struct difference *difference, const char *subject);

/*
 * How a function differs from its twin: its code, its special entries, its cold part.  NULL if it
 * does not.  Caller frees.
 */
char *function_difference(const struct side *original_side, const struct entity *original,
			  const struct side *patched_side, const struct entity *patched);

#endif
