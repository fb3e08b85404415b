/*
 * Members that a patch adds to structs as shadow variables: locks, and what RCU frees objects by.
 * Objects that are there were made without.  So the struct stays as it is, and who uses such a
 * member asks the kernel side (late/shadow.c) for it.  All in the text, before anything is
 * compiled: what is misread does not compile.
 */
#ifndef KLATCH_TREE_SHADOWS_H
#define KLATCH_TREE_SHADOWS_H

#include <glib.h>

#include "base/cleanup.h"
#include "tree/changed.h"
#include "tree/statements.h"

struct shadow_type;

/* The type of a member by the word before its name, as "spinlock_t" or "mutex"; NULL if it is none
 * that can be a shadow variable: one that holds nothing but who is using it now. */
const struct shadow_type *shadows_type(const struct token *word);

/* Whether the words of new lines (a set) have such a type among them. */
gboolean shadows_may_be_new(GHashTable *words);

/* A member of a struct that is to become one. */
struct shadow {
	char *structure; /* its name, without "struct" */
	char *member;
	gboolean is_typedef; /* the name is that of a typedef */
	gboolean unique;     /* no patched file had the name before, and no other has it now */
	gboolean must_be;    /* a member: more is done with it than a shadow variable is good for */
	const struct shadow_type *type;
};

void shadow_free(struct shadow *shadow);
DEFINE_AUTO(shadow, shadow_free)

/* Whether a text had the member's name before; whether it has a member of that name now, for the
 * first time. */
gboolean shadows_know(const struct shadow *shadow, const struct changed_text *text);
gboolean shadows_begin(const struct shadow *shadow, const struct changed_text *text);

/* Whether a member of that name in a text may be of this struct: the text speaks of that, or the
 * name is unique.  In others it is another. */
gboolean shadows_concern(const struct shadow *shadow, const struct changed_text *text);

/*
 * Whether all that a text's new lines do with members of that name is known to be harmless: locks
 * are locked, unlocked, asked and initialised, by their address, and who locks one unlocks it in
 * the same function; they take no place of another lock, which those who run the original's code
 * for a while longer would hold instead; work for RCU is initialised where it is queued.
 */
gboolean shadows_are_simple(const struct shadow *shadow, const struct changed_text *text);

/* The functions that stand for the member, as lines; caller frees. */
char *shadows_define(const struct shadow *shadow);

/* Adds the edits (tree/changed.h) that make new lines use the shadow variables. */
void shadows_rewrite(const GPtrArray *shadows, const struct changed_text *text, GArray *edits);

#endif
