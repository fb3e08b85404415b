/*
 * One changed file while it is cut into parts.  For this room.
 */
#ifndef KLATCH_RELEASE_CUTTING_H
#define KLATCH_RELEASE_CUTTING_H

#include <glib.h>

#include "release/outline.h"
#include "release/parts.h"
#include "release/text.h"

enum { ORIGINAL, PATCHED, SIDES };

struct cutting {
	const struct changed_file *file;
	struct words *words;
	const char *trees[SIDES];
	const struct text *texts[SIDES];
	const struct outline *outlines[SIDES];
	GPtrArray *parts; /* of struct part *: what is made */
};

/* Finds the parts, without their words (cut.c). */
gboolean cutting_cut(struct cutting *cutting, GError **error);

/* Calls a function with each call that stands in changed lines of the patched side, by its number
 * among the words, and the part that it is of. */
typedef void cutting_reader(struct cutting *cutting, struct part *part, guint call);
void cutting_read_new_calls(struct cutting *cutting, cutting_reader *read);

/* Finds what parts begin to initialise (begins.c), what they do at another time in the life of an
 * object than before (moves.c) or by another call (instead.c), and what they look for at another
 * place of it (places.c). */
void cutting_find_begins(struct cutting *cutting);
void cutting_find_moves(struct cutting *cutting);
void cutting_find_instead(struct cutting *cutting);
void cutting_find_places(struct cutting *cutting);

/* Finds what relies on what was not yet left for it: in a new variable (variables.c), in a member
 * that nobody asked for (members.c), as a flag that is new (flags.c). */
void cutting_find_variables(struct cutting *cutting);
void cutting_find_members(struct cutting *cutting);
void cutting_find_flags(struct cutting *cutting);

/* Whether a word is the call of what makes a zeroed member usable (begins.c). */
gboolean word_initialises(const struct word *word);

/* Whether a word is the call of a function that takes something of the kind that lives on (1: a
 * reference, memory, an entry in a list), or gives it back (-1), by its name (balance.c). */
gint word_takes(const struct word *word);

/* Whether a function gives back the references that another one takes, by their names: box_put()
 * and box_get() (balance.c). */
gboolean word_gives_back(const struct word *gives, const struct word *takes);

/* Whether a word is the call of a function that takes a lock (1), or gives it up (-1), by its name
 * (balance.c). */
gint word_locks(const struct word *word);

/* What parts take and give back (balance.c), once it is known which are idle. */
void cutting_read_balances(struct cutting *cutting);

/* What parts count, and the functions that they stand in (counters.c), likewise. */
void cutting_read_counters(struct cutting *cutting);

/* What is called by who gives up what it did around that (left.c). */
void cutting_read_calls(struct cutting *cutting);

/* What is checked no more, or more than before (checks.c). */
void cutting_read_checks(struct cutting *cutting);

/* The part that a line of a side is a changed one of, or NULL. */
struct part *cutting_part_of(const struct cutting *cutting, guint side, guint line);

/* Reads the words of all parts (uses.c). */
void cutting_read_uses(struct cutting *cutting);

/* The name of a declaration of an outline (-1: none), or NULL.  Caller frees. */
char *cutting_name(const struct outline *outline, gint32 declaration);

#endif
