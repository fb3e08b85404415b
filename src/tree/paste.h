/*
 * What ## can make of its parts.
 */
#ifndef KLATCH_TREE_PASTE_H
#define KLATCH_TREE_PASTE_H

#include <glib.h>

#include "tree/statements.h"

/*
 * The patterns of the names that a macro's definition pastes together, as text in which a byte of
 * 1 to 31 stands for the parameter of that number.  Array of char *, owned; NULL if it pastes
 * nothing.
 */
GPtrArray *paste_patterns(const struct statement *define);

/*
 * Whether a pattern can make a name, if its parameters are these words; a parameter that is not
 * among them, or NULL, may be any text.  FALSE for a pattern of which nothing is known.
 */
gboolean paste_makes(const char *pattern, const struct token *const *arguments, guint count,
		     const char *name);

/*
 * The arguments of a call whose macro's name is token `at` of a statement: of const struct token *,
 * NULL for one that is more than a word, or a parameter of the macro that the statement defines.
 * NULL if it is no call.
 */
GPtrArray *paste_arguments(const struct statement *statement, guint at);

#endif
