/*
 * The functions of a C text: which one a word is in, who calls whom.  For this room.
 */
#ifndef KLATCH_RELEASE_FUNCTIONS_H
#define KLATCH_RELEASE_FUNCTIONS_H

#include "release/outline.h"

/* A function is the number of its declaration in an outline; or: */
enum { NO_FUNCTION = -1 };

static inline const struct word *word_at(const struct outline *outline, guint number)
{
	return &g_array_index(outline->words, struct word, number);
}

/* The function that a word stands in. */
gint32 function_of(const struct outline *outline, const struct word *word);

/* The word that names a function. */
const struct word *function_name(const struct outline *outline, gint32 function);

/* The function of that name; a prototype of it has fewer words. */
gint32 function_find(const struct outline *outline, const struct word *name);

/* Whether a function has a word of that name, as all that the flags say, other than as its own. */
gboolean function_has(const struct outline *outline, gint32 function, const struct word *wanted,
		      guint32 flags);

/* Whether one of two functions, by their names, calls the other. */
gboolean functions_call(const struct outline *outline, const struct word *one,
			const struct word *other);

/* What follows a word, blanks left out: two characters at least. */
const char *word_behind(const struct outline *outline, const struct word *word);

#endif
