/*
 * Members of structs that a patch need not touch: a lock that it takes away may as well stay, and
 * what is new and nothing uses may stay out.  In one file's text; layouts.h is for all.
 */
#ifndef KLATCH_TREE_MEMBERS_H
#define KLATCH_TREE_MEMBERS_H

#include <glib.h>

struct members_file {
	const char *original, *patched; /* texts */
	gsize original_size, patched_size;
	const GArray *runs; /* of struct run (tree/lines.h) */
};

/* Adds the words of a file's new lines to a table of char * (owned) to how often they are there. */
void members_count_words(const struct members_file *file, GHashTable *words);

/*
 * The patched text with what may stay as it was as it was; its size in *size.  NULL if that is
 * nothing.  Caller frees.  `words` are those of the new lines of all files.  Adds to `notes` (of
 * char *, owned) what was kept.
 *
 * A struct stays if each of its changes is a new member that nothing uses, or a lock that it had.
 * Any other member may hold what the patch keeps elsewhere from now on, where those who made the
 * objects that are there did not put it.  Who lists values of a struct that keeps a member without
 * the names of members would put them in the wrong ones: the compiler is told to refuse that
 * (-Werror=designated-init, which the kernel is built with).
 */
char *members_keep(const struct members_file *file, GHashTable *words, GPtrArray *notes,
		   gsize *size);

#endif
