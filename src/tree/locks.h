/*
 * Locks that a patch adds to structs.  Objects that are there were made without.  So the struct
 * stays as it is, and who locks or unlocks asks the kernel side (late/shadow.c) for the lock of the
 * object.  All in the text, before anything is compiled: what is misread does not compile.
 */
#ifndef KLATCH_TREE_LOCKS_H
#define KLATCH_TREE_LOCKS_H

#include <glib.h>

#include "tree/changed.h"
#include "tree/statements.h"

struct lock_type;

/* The type of a lock by the word before the member's name: "spinlock_t", "mutex"; NULL if it is no
 * lock. */
const struct lock_type *locks_type(const struct token *word);

/* Whether the words of new lines (a set) have the type of a lock among them. */
gboolean locks_may_be_new(GHashTable *words);

/* A member of a struct that is to become a shadow variable. */
struct added_lock {
	char *structure; /* its name, without "struct" */
	char *member;
	gboolean is_typedef; /* the name is that of a typedef */
	const struct lock_type *type;
};

void added_lock_free(struct added_lock *lock);
DEFINE_AUTO(added_lock, added_lock_free)

/* Whether a text speaks of the lock's struct; of others a member of the same name is another. */
gboolean locks_concern(const struct added_lock *lock, const struct changed_text *text);

/*
 * Whether all that a text's new lines do with the lock is simple enough: a member of that name of
 * any object is locked, unlocked, asked or initialised, by its address; a function that locks also
 * unlocks; and it takes no place of another lock, which those who run the original's code for a
 * while longer would hold instead.
 */
gboolean locks_are_simple(const struct added_lock *lock, const struct changed_text *text);

/* The function that finds the lock of an object, on one line; caller frees. */
char *locks_define(const struct added_lock *lock);

/* Adds what makes the calls on new lines ask for their locks (array of struct edit). */
void locks_rewrite(const GPtrArray *locks, const struct changed_text *text, GArray *edits);

#endif
