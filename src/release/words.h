/*
 * Words numbered: identifiers, and whole lines, that changed lines hold.  For this room.
 */
#ifndef KLATCH_RELEASE_WORDS_H
#define KLATCH_RELEASE_WORDS_H

#include <glib.h>

#include "base/cleanup.h"

struct words {
	GHashTable *numbers; /* text to number + 1 */
	GPtrArray *texts;    /* borrowed from the table */
};

struct words *words_new(void);
void words_free(struct words *words);
DEFINE_AUTO(words, words_free)

guint words_number(struct words *words, const char *at, gsize length);

static inline const char *words_text(const struct words *words, guint number)
{
	return g_ptr_array_index(words->texts, number);
}

/*
 * In how many files of a tree each word stands as an identifier or as a whole line (blanks at both
 * ends taken off), in C sources of what may be built: array of guint by number, caller frees.
 */
guint *words_frequencies(const struct words *words, const char *tree);

#endif
