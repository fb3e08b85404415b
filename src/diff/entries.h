/*
 * Entries of special sections and anonymous bytes: a part of making a side (side.c), not of its
 * door.
 */
#ifndef KLATCH_DIFF_ENTRIES_H
#define KLATCH_DIFF_ENTRIES_H

#include <glib.h>

#include "diff/side.h"

/* Gives the entries that are for code of a function to it.  KLATCH_INPUT if a section is not made
 * of entries of the series' size. */
gboolean entries_find(struct side *side, GError **error);

/* Where anonymous bytes are referred to, and by whom: needs the entries. */
void entries_find_starts(struct side *side);

/* Gives out the entries that are for replacement code, and sorts all: needs the starts. */
void entries_find_more(struct side *side);

/* Who a place belongs to: function, variable, or the function whose special entry or replacement
 * code it lies in; NULL for other anonymous bytes. */
struct entity *entries_owner(const struct side *side, const struct section *section,
			     guint64 offset);

/* Whether what a section refers to means anything: tools' hints and the like do not. */
gboolean entries_matter(const struct side *side, const struct section *section);

#endif
