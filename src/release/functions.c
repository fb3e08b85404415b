/*
 * A function is a declaration whose name stands before a parenthesis.
 */
#include "release/functions.h"

gint32 function_of(const struct outline *outline, const struct word *word)
{
	gint32 owner = outline->owners[word->line];
	const struct declaration *declaration;

	if (owner < 0)
		return NO_FUNCTION;
	declaration = &g_array_index(outline->declarations, struct declaration, owner);
	if (declaration->type || declaration->named == G_MAXUINT ||
	    !(word_at(outline, declaration->named)->flags & WORD_CALLED))
		return NO_FUNCTION;
	return owner;
}

const struct word *function_name(const struct outline *outline, gint32 function)
{
	return word_at(outline,
		       g_array_index(outline->declarations, struct declaration, function).named);
}

gint32 function_find(const struct outline *outline, const struct word *name)
{
	gint32 found = NO_FUNCTION;
	guint most = 0;

	for (gint32 i = 0; i < (gint32)outline->declarations->len; i++) {
		const struct declaration *declaration =
			&g_array_index(outline->declarations, struct declaration, i);

		if (declaration->named == G_MAXUINT || declaration->words <= most ||
		    !words_equal(word_at(outline, declaration->named), name) ||
		    function_of(outline, word_at(outline, declaration->named)) != i)
			continue;
		found = i;
		most = declaration->words;
	}
	return found;
}

gboolean function_has(const struct outline *outline, gint32 function, const struct word *wanted,
		      guint32 flags)
{
	const struct declaration *declaration =
		&g_array_index(outline->declarations, struct declaration, function);

	for (guint i = 0; i < declaration->words; i++) {
		guint number = declaration->first_word + i;
		const struct word *word = word_at(outline, number);

		if (number != declaration->named && (word->flags & flags) == flags &&
		    words_equal(word, wanted))
			return TRUE;
	}
	return FALSE;
}

gboolean functions_call(const struct outline *outline, const struct word *one,
			const struct word *other)
{
	gint32 first = function_find(outline, one), second = function_find(outline, other);

	return (first >= 0 && function_has(outline, first, other, WORD_CALLED)) ||
	       (second >= 0 && function_has(outline, second, one, WORD_CALLED));
}

const char *word_behind(const struct outline *outline, const struct word *word)
{
	const char *end = outline->text->data + outline->text->size;
	const char *at = word->at + word->length;

	while (at < end && g_ascii_isspace(*at))
		at++;
	return end - at > 1 ? at : "  ";
}
