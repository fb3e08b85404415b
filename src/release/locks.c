/*
 * Locks that a function gives up which it held around a call through a member ("ops->stop()"): who
 * is called so must see to itself what the lock was for.  If the same release changes one of those,
 * the two are one change.
 */
#include <string.h>

#include "release/cutting.h"
#include "release/functions.h"

static gboolean is_through_member(const struct word *word)
{
	return word->flags & WORD_CALLED && word->flags & WORD_MEMBER;
}

static gboolean locks_anything(const struct outline *outline, gint32 function)
{
	const struct declaration *declaration =
		&g_array_index(outline->declarations, struct declaration, function);

	for (guint i = 0; i < declaration->words; i++)
		if (word_locks(word_at(outline, declaration->first_word + i)) > 0)
			return TRUE;
	return FALSE;
}

/* The members that a function of the original side calls, and its patched one too, between a lock
 * and an unlock whose lines are a part's. */
static void read_function(struct cutting *cutting, gint32 function)
{
	const struct outline *original = cutting->outlines[ORIGINAL];
	const struct outline *patched = cutting->outlines[PATCHED];
	const struct declaration *declaration =
		&g_array_index(original->declarations, struct declaration, function);
	gint32 now = function_find(patched, function_name(original, function));
	struct part *part = NULL;

	if (now < 0 || locks_anything(patched, now))
		return;
	for (guint i = 0; i < declaration->words; i++) {
		const struct word *word = word_at(original, declaration->first_word + i);
		gint locks = word_locks(word);

		if (locks)
			part = locks > 0 ? cutting_part_of(cutting, ORIGINAL, word->line) : NULL;
		else if (part && is_through_member(word) &&
			 function_has(patched, now, word, WORD_CALLED | WORD_MEMBER)) {
			guint member = words_number(cutting->words, word->at, word->length);

			g_array_append_val(part->unlocked, member);
		}
	}
}

void cutting_read_locks(struct cutting *cutting)
{
	const struct outline *original = cutting->outlines[ORIGINAL];

	for (gint32 i = 0; i < (gint32)original->declarations->len; i++) {
		guint named = g_array_index(original->declarations, struct declaration, i).named;

		if (named != G_MAXUINT && function_of(original, word_at(original, named)) == i)
			read_function(cutting, i);
	}
}
