/*
 * Members that a change begins to set in one function and to ask for in another: in objects that
 * are there already they are as the functions of before left them, and no layout tells.
 */
#include <string.h>

#include "release/cutting.h"
#include "release/functions.h"

static gboolean is_set(const struct outline *outline, const struct word *word)
{
	const char *at = word_behind(outline, word);

	return *at == '=' && at[1] != '=';
}

/* The last character of a text before a place that is no blank and no "!". */
static const char *before(const char *text, const char *at)
{
	while (at > text && (g_ascii_isspace(at[-1]) || at[-1] == '!'))
		at--;
	return at > text ? at - 1 : NULL;
}

/* Where the expression begins that a word is the end of: "a->b.c". */
static const char *expression(const char *text, const struct word *word)
{
	const char *at = word->at;

	while (at > text && (g_ascii_isalnum(at[-1]) || strchr("_.->[]", at[-1])))
		at--;
	return at;
}

/* Whether a parenthesis is that of a condition or stands within one. */
static gboolean is_of_condition(const char *text, const char *parenthesis)
{
	static const char *const heads[] = {"if", "while", "likely", "unlikely"};
	const char *last = before(text, parenthesis);

	if (!last || strchr("(&|", *last))
		return last != NULL;
	for (gsize i = 0; i < G_N_ELEMENTS(heads); i++) {
		gsize length = strlen(heads[i]);

		if ((gsize)(last + 1 - text) > length &&
		    !memcmp(last + 1 - length, heads[i], length) &&
		    !g_ascii_isalnum(last[-(gssize)length]) && last[-(gssize)length] != '_')
			return TRUE;
	}
	return FALSE;
}

/* Whether a condition asks for what a word is the name of. */
static gboolean is_tested(const struct outline *outline, const struct word *word)
{
	const char *text = outline->text->data;
	const char *last = before(text, expression(text, word));

	if (!last || last == text)
		return FALSE;
	if (*last == '&' || *last == '|')
		return last[-1] == *last;
	return *last == '(' && is_of_condition(text, last);
}

/* The variable that gets the value of a member and nothing else, or NULL. */
static const struct word *copy_of(const struct outline *outline, const struct word *member)
{
	const char *text = outline->text->data;
	const char *last = before(text, expression(text, member));

	if (!last || *last != '=' || *word_behind(outline, member) != ';')
		return NULL;
	for (const struct word *word = member; word > word_at(outline, 0); word--)
		if (word->at < last)
			return word;
	return NULL;
}

/* What a condition of a function asks for a member by: itself, or a copy of it; or NULL. */
static const struct word *asked_by(const struct outline *outline, gint32 function,
				   const struct word *member)
{
	const struct declaration *declaration =
		&g_array_index(outline->declarations, struct declaration, function);
	const struct word *copy = copy_of(outline, member);

	if (is_tested(outline, member))
		return member;
	for (guint i = 0; i < declaration->words && copy; i++) {
		const struct word *word = word_at(outline, declaration->first_word + i);

		if (words_equal(word, copy) && !(word->flags & WORD_MEMBER) &&
		    is_tested(outline, word))
			return word;
	}
	return NULL;
}

/* Where a function, other than one of that name if there is one, asks for a member; or NULL. */
static const struct word *where_asked(const struct outline *outline, const struct word *member,
				      const struct word *but)
{
	for (guint i = 0; i < outline->words->len; i++) {
		const struct word *word = word_at(outline, i), *asks;
		gint32 function = words_equal(word, member) && word->flags & WORD_MEMBER
					  ? function_of(outline, word)
					  : NO_FUNCTION;

		if (function < 0 || (but && words_equal(function_name(outline, function), but)))
			continue;
		asks = asked_by(outline, function, word);
		if (asks)
			return asks;
	}
	return NULL;
}

/* Whether a function sets a member. */
static gboolean sets(const struct outline *outline, gint32 function, const struct word *member)
{
	const struct declaration *declaration =
		&g_array_index(outline->declarations, struct declaration, function);

	for (guint i = 0; i < declaration->words; i++) {
		const struct word *word = word_at(outline, declaration->first_word + i);

		if (word->flags & WORD_MEMBER && words_equal(word, member) && is_set(outline, word))
			return TRUE;
	}
	return FALSE;
}

/* Whether the file has a struct of which a member is new: that is a matter of the layout. */
static gboolean is_new(const struct cutting *cutting, const struct word *member)
{
	static const guint32 declared = WORD_MEMBER | WORD_DEFINED;

	return outline_has(cutting->outlines[PATCHED], member, declared) &&
	       !outline_has(cutting->outlines[ORIGINAL], member, declared);
}

/* Says of a part, if there is one, that it relies on what is set now. */
static void say(const struct cutting *cutting, struct part *part, const struct word *writer,
		const struct word *member, const struct word *reader)
{
	if (!part || part->begins)
		return;
	part->begins =
		g_strdup_printf("%.*s begins to set %.*s and %.*s to ask for it, and objects that "
				"are there already have it as it was",
				(int)writer->length, writer->at, (int)member->length, member->at,
				(int)reader->length, reader->at);
	/* If it is new in a header, that is a matter of the layout. */
	part->member = words_number(cutting->words, member->at, member->length);
}

/* A member that is set where it was not, and asked for where nobody asked: neither part goes
 * without the other. */
static void read_setting(const struct cutting *cutting, struct part *part,
			 const struct word *member)
{
	const struct outline *original = cutting->outlines[ORIGINAL];
	const struct outline *patched = cutting->outlines[PATCHED];
	gint32 function = function_of(patched, member);
	const struct word *writer = function >= 0 ? function_name(patched, function) : NULL;
	gint32 former = writer ? function_find(original, writer) : NO_FUNCTION;
	const struct word *asks, *reader;

	if (former < 0 || is_new(cutting, member) || sets(original, former, member) ||
	    where_asked(original, member, NULL))
		return;
	asks = where_asked(patched, member, writer);
	reader = asks ? function_name(patched, function_of(patched, asks)) : NULL;
	if (!reader || function_find(original, reader) == NO_FUNCTION)
		return;
	say(cutting, part, writer, member, reader);
	say(cutting, cutting_part_of(cutting, PATCHED, asks->line), writer, member, reader);
}

void cutting_find_members(struct cutting *cutting)
{
	const struct outline *patched = cutting->outlines[PATCHED];

	for (guint i = 0; i < patched->words->len; i++) {
		const struct word *word = word_at(patched, i);
		struct part *part = word->flags & WORD_MEMBER && is_set(patched, word)
					    ? cutting_part_of(cutting, PATCHED, word->line)
					    : NULL;

		if (part)
			read_setting(cutting, part, word);
	}
}
