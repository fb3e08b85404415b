/*
 * What of a unit's patched object goes into the livepatch, as runs of bytes: whole sections, single
 * entries of special sections, and pieces of replacement code that such entries refer to.
 */
#ifndef KLATCH_LINK_PIECES_H
#define KLATCH_LINK_PIECES_H

#include <glib.h>

#include "base/cleanup.h"
#include "diff/diff.h"
#include "elf/object.h"

struct piece {
	struct section *from;
	guint64 start; /* start <= offset < end; a whole section takes in every offset */
	guint64 end;
	gboolean whole;

	struct section *to; /* where assembling put it */
	guint64 base;
};

struct pieces;

/*
 * Collects what comes along: the diff's sections, the entries of special sections that belong to
 * their code, the replacement code and the strings and constants that any of that refers to.
 */
struct pieces *pieces_collect(const struct object *patched, const struct diff *diff, guint series);
void pieces_free(struct pieces *pieces);
DEFINE_AUTO(pieces, pieces_free)

/* The pieces of a section by rising start, of struct piece *; NULL if there are none.  Borrowed. */
const GPtrArray *pieces_of(const struct pieces *pieces, const struct section *section);

/* The piece that an offset of a section lies in, or NULL. */
struct piece *pieces_at(const struct pieces *pieces, const struct section *section, gint64 offset);

#endif
