/*
 * Checks that a function gives up: who may do something, and how much of it.  If another one of the
 * file begins to ask, the check moved, and the two are one change.
 */
#include <string.h>

#include "release/cutting.h"
#include "release/functions.h"

/* Whether a word is the call of a check, by what its name is composed of. */
static gboolean checks(const struct word *word)
{
	static const char *const kinds[] = {"account", "allowed", "capable",	"charge", "check",
					    "limit",   "quota",	  "permission", "rlimit"};
	const char *end = word->at + word->length, *next;

	for (const char *at = word->at; at < end && word->flags & WORD_CALLED; at = next + 1) {
		next = memchr(at, '_', end - at);
		next = next ? next : end;
		for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
			if (strlen(kinds[i]) == (gsize)(next - at) &&
			    !memcmp(at, kinds[i], next - at))
				return TRUE;
	}
	return FALSE;
}

/* How often a function checks something. */
static gint count(const struct outline *outline, gint32 function)
{
	const struct declaration *declaration;
	gint counted = 0;

	if (function == NO_FUNCTION)
		return 0;
	declaration = &g_array_index(outline->declarations, struct declaration, function);
	for (guint i = 0; i < declaration->words; i++) {
		guint number = declaration->first_word + i;

		counted += number != declaration->named && checks(word_at(outline, number));
	}
	return counted;
}

/* How many more checks the function of a word has than before. */
static gint change_around(const struct cutting *cutting, guint side, const struct word *word)
{
	const struct outline *original = cutting->outlines[ORIGINAL];
	const struct outline *patched = cutting->outlines[PATCHED];
	const struct outline *outline = cutting->outlines[side];
	gint32 function = function_of(outline, word);
	const struct word *name = function >= 0 ? function_name(outline, function) : NULL;

	return name ? count(patched, function_find(patched, name)) -
			       count(original, function_find(original, name))
		    : 0;
}

void cutting_read_checks(struct cutting *cutting)
{
	for (guint side = 0; side < SIDES; side++) {
		const struct outline *outline = cutting->outlines[side];

		for (guint i = 0; i < outline->words->len; i++) {
			const struct word *word = word_at(outline, i);
			struct part *part =
				checks(word) ? cutting_part_of(cutting, side, word->line) : NULL;

			if (part && !part->idle)
				part->checks = change_around(cutting, side, word);
		}
	}
}
