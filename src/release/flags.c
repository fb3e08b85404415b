/*
 * Flags that are new: one function begins to set one in objects, another to do something with
 * objects that lack it.  Those that are there already lack it whatever happened to them.
 */
#include <string.h>

#include "release/cutting.h"
#include "release/functions.h"

/* Where what stands before a place in a text begins: of the characters that count as of it. */
static const char *back_over(const char *text, const char *at, const char *others)
{
	while (at > text &&
	       (g_ascii_isalnum(at[-1]) || g_ascii_isspace(at[-1]) || strchr(others, at[-1])))
		at--;
	return at;
}

/* "box->flags |= FLAG", "box->flags = OTHER | FLAG", "set_bit(FLAG, ...)" */
static gboolean is_given(const struct outline *outline, guint number)
{
	static const char *const setters[] = {"set_bit", "__set_bit", "test_and_set_bit"};
	const char *text = outline->text->data;
	const struct word *word = word_at(outline, number);
	const char *at = back_over(text, word->at, "_|()");

	if (!number || word_calls(word - 1, setters, G_N_ELEMENTS(setters)))
		return number > 0;
	if (at - text < 2 || at[-1] != '=' || strchr("=!<>&^", at[-2]) ||
	    (at[-2] != '|' && !memchr(at, '|', word->at - at)))
		return FALSE;
	while (number > 0 && word_at(outline, number)->at > at)
		number--;
	return word_at(outline, number)->flags & WORD_MEMBER;
}

/* "!(box->flags & FLAG)", "!test_bit(FLAG, ...)", "!box_has(box, FLAG)" */
static gboolean is_missed(const struct outline *outline, const struct word *word)
{
	const char *text = outline->text->data;
	const char *open = back_over(text, word->at, "_.->[]&,"), *name, *last = word->at;

	if (open == text || open[-1] != '(')
		return FALSE;
	name = back_over(text, open - 1, "_");
	while (last > open && g_ascii_isspace(last[-1]))
		last--;
	if (name == text || name[-1] != '!' || g_strstr_len(name, open - name, "set_bit"))
		return FALSE;
	return open - 1 > name || last == open || last[-1] == '&';
}

static void say(struct part *part, const struct word *reader, const struct word *flag)
{
	if (part && !part->begins)
		part->begins = g_strdup_printf(
			"%.*s asks for %.*s, which objects that are there already were not given",
			(int)reader->length, reader->at, (int)flag->length, flag->at);
}

/* The function that a word stands in, by its name, if it was there before; or NULL. */
static const struct word *function_before(const struct cutting *cutting, const struct word *word)
{
	const struct outline *patched = cutting->outlines[PATCHED];
	gint32 function = function_of(patched, word);
	const struct word *name = function >= 0 ? function_name(patched, function) : NULL;

	return name && function_find(cutting->outlines[ORIGINAL], name) >= 0 ? name : NULL;
}

/* A flag where it is given: both parts are no good without the other. */
static void read_flag(const struct cutting *cutting, struct part *part, const struct word *flag)
{
	const struct outline *patched = cutting->outlines[PATCHED];
	const struct word *writer = function_before(cutting, flag);

	for (guint i = 0; i < patched->words->len && writer; i++) {
		const struct word *word = word_at(patched, i);
		const struct word *reader = words_equal(word, flag) && is_missed(patched, word)
						    ? function_before(cutting, word)
						    : NULL;

		if (!reader || words_equal(reader, writer))
			continue;
		say(part, reader, flag);
		say(cutting_part_of(cutting, PATCHED, word->line), reader, flag);
	}
}

void cutting_find_flags(struct cutting *cutting)
{
	const struct outline *patched = cutting->outlines[PATCHED];

	for (guint i = 0; i < patched->words->len; i++) {
		const struct word *word = word_at(patched, i);
		struct part *part =
			is_given(patched, i) ? cutting_part_of(cutting, PATCHED, word->line) : NULL;

		if (part && !outline_has(cutting->outlines[ORIGINAL], word, 0))
			read_flag(cutting, part, word);
	}
}
