/*
 * The passes of a comparison, in the order they are made.  Each reads what the ones before found
 * and adds to the result; none of them guesses: what is not certain and matters is refused.
 */
#ifndef KLATCH_DIFF_COMPARISON_H
#define KLATCH_DIFF_COMPARISON_H

#include <glib.h>

#include "diff/diff.h"
#include "diff/side.h"

struct comparison {
	struct side *original, *patched;
	struct diff *diff;
	const struct diff_intent *intent;
};

/* correlate.c: finds the twin of each symbol; marks variables for which that is not certain. */
void correlate(struct comparison *comparison);

/* tables.c: takes a changed constant table for a new one, where that is all there is to do. */
void renew_tables(struct comparison *comparison);

/* Why that is not all there is to do for a variable of the original, other than that it can be
 * written to; NULL if it is, or that is why.  Caller frees. */
char *table_obstacle(const struct comparison *comparison, struct entity *original);

/* functions.c: compares each function with its twin; refuses or skips changed __init code. */
void compare_functions(struct comparison *comparison);

/* data.c: refuses or skips changed data, and refuses what only a load of the real object could
 * bring about. */
void compare_data(struct comparison *comparison);

/* linked.c: refuses or notes what changed of that which is for the object as a whole. */
void compare_linked(struct comparison *comparison);

/* promote.c: what can't be taken over by ftrace is replaced in its callers: changed functions of
 * this unit, and those of others that the intent names. */
void promote_callers(struct comparison *comparison);

/* threads.c: notes replaced functions that a transition may have to wait for. */
void note_threads(struct comparison *comparison);

/* include.c: fills in the functions, the sections that come along, and the origins. */
void include_changes(struct comparison *comparison);

/* types.c: refuses changed layouts of types that are in both objects. */
gboolean compare_types(struct comparison *comparison, GError **error);

/*
 * Adds a refusal.  symbol: what it is about, or NULL for the whole unit; what: without a final full
 * stop; hint: may be NULL; why: a printf format.
 */
void refuse(struct comparison *comparison, const struct symbol *symbol, const char *what,
	    const char *hint, const char *why, ...) G_GNUC_PRINTF(5, 6);

/* Lists the change as skipped if the author says so, else refuses it. */
void refuse_or_skip(struct comparison *comparison, gboolean skip, const struct symbol *symbol,
		    const char *what, const char *hint, const char *why, ...) G_GNUC_PRINTF(6, 7);

/* Whether the author wants a change of data skipped. */
gboolean is_skipped(const struct comparison *comparison, const struct symbol *symbol);

/* Notes data of which only the initialiser changed, and says whether the author wants that skipped.
 */
gboolean note_data(struct comparison *comparison, const struct symbol *symbol);

/* Refuses something about a place in the source. */
void refuse_place(struct comparison *comparison, const char *where, const char *what,
		  const char *hint, const char *why, ...) G_GNUC_PRINTF(5, 6);

/* Adds a note. */
void note(struct comparison *comparison, const char *text, ...) G_GNUC_PRINTF(2, 3);

/*
 * Refuses a change of what only initialisation uses, or skips it if the author says so and nothing
 * that lives on refers to it.  hint: for the first case, may be NULL; instead: what a callback may
 * do in its place; past: why it is too late.
 */
void refuse_gone(struct comparison *comparison, const struct entity *entity, const char *what,
		 const char *hint, const char *instead, const char *past, const char *difference);

/* Whether a section is emptied once the object is loaded: what is in it has had its effect. */
gboolean section_is_init(const struct section *section);

/* Whether it is that, or a table that is gone through only then. */
gboolean section_is_of_init(const struct section *section);

/* Whether code of a section never runs (again): __init code, and __exit code of what can't be
 * removed.
 */
gboolean section_has_run(const struct comparison *comparison, const struct section *section);

/* Whether variables in two sections are kept alike: as writable, read-only, per CPU, ... */
gboolean storage_equal(const struct section *original, const struct section *patched);

/* Ids of types and functions that are filled in once all of the object is linked. */
gboolean section_is_btf_ids(const struct section *section);

/* Descriptors of dynamic debugging and strings of tracepoints: told apart by what they print. */
gboolean section_is_messages(const struct section *section);

#endif
