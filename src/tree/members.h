/*
 * Members of structs that a patch need not touch: a lock that it takes away may as well stay, what
 * is new and nothing uses may stay out, and so may a new lock that is kept beside its object.  In
 * one file's text; layouts.h is for all.
 */
#ifndef KLATCH_TREE_MEMBERS_H
#define KLATCH_TREE_MEMBERS_H

#include <glib.h>

#include "tree/changed.h"
#include "tree/shadows.h"

/* What stands behind "struct" where a struct keeps a member; it changes no meaning of a name. */
#define MEMBERS_MARK " __attribute__((designated_init))"

/* Adds the words of a file's new lines to a table of char * (owned) to how often they are there. */
void members_count_words(const struct changed_text *file, GHashTable *words);

/*
 * The new locks of structs that can stay as they were if these become shadow variables, as array of
 * struct shadow; caller unrefs.  `words` are those of the new lines of all files.
 */
GPtrArray *members_find_shadows(const struct changed_text *file, GHashTable *words);

/*
 * The patched text with what may stay as it was as it was, and what these locks are used for with
 * shadow variables; its size in *size.  NULL if that changes nothing.  Caller frees.  Adds to
 * `notes` (of char *, owned) what was kept.
 *
 * A struct stays if each of its changes is a new member that nothing uses, one of these locks, or a
 * lock that it had.  Any other member may hold what the patch keeps elsewhere from now on, where
 * those who made the objects that are there did not put it.  Who lists values of a struct that
 * keeps a member without the names of members would put them in the wrong ones: the compiler is
 * told to refuse that (-Werror=designated-init, which the kernel is built with).
 */
char *members_keep(const struct changed_text *file, GHashTable *words, const GPtrArray *locks,
		   GPtrArray *notes, gsize *size);

#endif
