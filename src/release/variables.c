/*
 * Variables that are new: what older calls would have left in one is not there, and no layout
 * tells.
 */
#include <string.h>

#include "release/cutting.h"
#include "release/functions.h"

/* Whether a declaration at file scope holds what some function can leave for others. */
static gboolean holds_state(const struct outline *outline, const struct declaration *declaration)
{
	static const char *const stateless[] = {
		"const",     "lock",	   "LOCK",	 "mutex",   "MUTEX",  "ratelimit",
		"RATELIMIT", "STATIC_KEY", "static_key", "typedef", "extern", "define"};

	for (guint i = 0; i < declaration->words; i++) {
		const struct word *word = word_at(outline, declaration->first_word + i);

		for (gsize j = 0; j < G_N_ELEMENTS(stateless); j++)
			if (g_strstr_len(word->at, word->length, stateless[j]))
				return FALSE;
	}
	return TRUE;
}

/* Behind what is in brackets, or in the parentheses of per_cpu(variable, cpu). */
static const char *behind_index(const char *at, const char *end, char close)
{
	at = memchr(at, close, end - at);
	for (at = at ? at + 1 : end; at < end && g_ascii_isspace(*at);)
		at++;
	return at;
}

/* Whether a variable is changed here, or its address handed on. */
static gboolean is_written(const struct outline *outline, const struct word *word)
{
	const char *at = word_behind(outline, word),
		   *end = outline->text->data + outline->text->size;
	const char *before = word->at > outline->text->data ? word->at - 1 : "";

	if (*before == '&' || g_str_has_prefix(at, "++"))
		return TRUE;
	if (*before == '(' && g_strstr_len(word[-1].at, word[-1].length, "per_cpu"))
		at = behind_index(at, end, ')');
	while (at < end && *at == '[')
		at = behind_index(at, end, ']');
	return end - at > 1 && *at == '=' && at[1] != '=';
}

/*
 * A variable that is new, which one function sets that was there before, and on which another one
 * relies: what the first did before the change is not in it.
 */
static char *relies_on_what_is_new(const struct cutting *cutting, const struct word *variable)
{
	const struct outline *original = cutting->outlines[ORIGINAL];
	const struct outline *patched = cutting->outlines[PATCHED];
	const struct word *writer = NULL, *reader = NULL;

	for (guint i = 0; i < patched->words->len; i++) {
		const struct word *word = word_at(patched, i);
		gint32 function = words_equal(word, variable) && !(word->flags & WORD_MEMBER)
					  ? function_of(patched, word)
					  : NO_FUNCTION;
		const struct word *name = function >= 0 ? function_name(patched, function) : NULL;

		if (!name || function_find(original, name) == NO_FUNCTION)
			continue;
		if (is_written(patched, word))
			writer = name;
		else
			reader = name;
	}
	if (!writer || !reader || words_equal(writer, reader) ||
	    functions_call(patched, writer, reader))
		return NULL;
	return g_strdup_printf("%.*s is new, and %.*s relies on what %.*s did not yet leave in it",
			       (int)variable->length, variable->at, (int)reader->length, reader->at,
			       (int)writer->length, writer->at);
}

/* DEFINE_PER_CPU(type, name): the last argument; NULL if the declaration is none. */
static const struct word *per_cpu_variable(const struct outline *outline,
					   const struct declaration *declaration)
{
	const struct word *words = word_at(outline, declaration->first_word), *last = NULL;
	gboolean is_per_cpu = FALSE;

	for (guint i = 0; i < declaration->words; i++) {
		if (g_strstr_len(words[i].at, words[i].length, "PER_CPU"))
			is_per_cpu = TRUE;
		if (*word_behind(outline, &words[i]) == ')')
			last = &words[i];
	}
	return is_per_cpu ? last : NULL;
}

/* The variable that a declaration at file scope is of, or NULL. */
static const struct word *variable_of(const struct outline *outline,
				      const struct declaration *declaration)
{
	const struct word *variable, *named;

	if (declaration->named == G_MAXUINT || declaration->type)
		return NULL;
	named = word_at(outline, declaration->named);
	if (function_of(outline, named) != NO_FUNCTION)
		return NULL;
	variable = per_cpu_variable(outline, declaration);
	return variable ? variable : named;
}

void cutting_find_variables(struct cutting *cutting)
{
	const struct outline *patched = cutting->outlines[PATCHED];

	for (guint i = 0; i < patched->declarations->len; i++) {
		const struct declaration *declaration =
			&g_array_index(patched->declarations, struct declaration, i);
		const struct word *variable = variable_of(patched, declaration);
		struct part *part =
			variable ? cutting_part_of(cutting, PATCHED, variable->line) : NULL;

		if (part && !part->begins && holds_state(patched, declaration) &&
		    !outline_has(cutting->outlines[ORIGINAL], variable, 0))
			part->begins = relies_on_what_is_new(cutting, variable);
	}
}
