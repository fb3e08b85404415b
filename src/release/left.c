/*
 * What a function gives up that it did around a call through a member ("ops->stop()"), a lock, or
 * behind it, to give something back: who is called so must see to it.  If the same release changes
 * one of those, the two are one change.
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
static void read_locks(struct cutting *cutting, gint32 function)
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

			g_array_append_val(part->left_to, member);
		}
	}
}

/* Whether a function gives something back behind a word of it. */
static gboolean gives_back_behind(const struct outline *outline,
				  const struct declaration *declaration, guint word)
{
	for (guint i = word + 1; i < declaration->words; i++)
		if (word_takes(word_at(outline, declaration->first_word + i)) < 0)
			return TRUE;
	return FALSE;
}

static gboolean is_return(const struct word *word)
{
	return word->length == strlen("return") && !memcmp(word->at, "return", word->length);
}

/* The members that a function of the patched side calls, as its original does, right before a part
 * has it return instead of giving back. */
static void read_returns(struct cutting *cutting, gint32 function)
{
	const struct outline *original = cutting->outlines[ORIGINAL];
	const struct outline *patched = cutting->outlines[PATCHED];
	const struct declaration *declaration =
		&g_array_index(patched->declarations, struct declaration, function);
	gint32 before = function_find(original, function_name(patched, function));
	const struct word *call = NULL;

	for (guint i = 0; i < declaration->words && before >= 0; i++) {
		const struct word *word = word_at(patched, declaration->first_word + i);
		struct part *part =
			is_return(word) ? cutting_part_of(cutting, PATCHED, word->line) : NULL;

		if (is_through_member(word))
			call = word;
		if (!part || !call || word->step > call->step + 1 ||
		    !function_has(original, before, call, WORD_CALLED | WORD_MEMBER) ||
		    !gives_back_behind(patched, declaration, i))
			continue;
		guint member = words_number(cutting->words, call->at, call->length);
		g_array_append_val(part->left_to, member);
	}
}

typedef void function_reader(struct cutting *cutting, gint32 function);

static void read_functions(struct cutting *cutting, guint side, function_reader *read)
{
	const struct outline *outline = cutting->outlines[side];

	for (gint32 i = 0; i < (gint32)outline->declarations->len; i++) {
		guint named = g_array_index(outline->declarations, struct declaration, i).named;

		if (named != G_MAXUINT && function_of(outline, word_at(outline, named)) == i)
			read(cutting, i);
	}
}

void cutting_read_calls(struct cutting *cutting)
{
	read_functions(cutting, ORIGINAL, read_locks);
	read_functions(cutting, PATCHED, read_returns);
}
