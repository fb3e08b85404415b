/*
 * Patterns of pasted names, matched as globs are.
 */
#include "tree/paste.h"

#include <string.h>

#define MOST_PARAMETERS 31

static gboolean same(const struct token *a, const struct token *b)
{
	return a->length == b->length && !memcmp(a->at, b->at, a->length);
}

static gboolean is_char(const struct token *token, char c)
{
	return token->length == 1 && *token->at == c;
}

/* The number of a macro's parameter, from 1; 0 if a word is none. */
static guint parameter(const struct statement *define, const struct token *token)
{
	const struct token *name = &define->tokens[1];
	guint number = 1;

	if (define->count < 3 || !is_char(&name[1], '(') || name[1].at != name->at + name->length)
		return 0;
	for (guint i = 3; i < define->count && !is_char(&define->tokens[i], ')'); i++) {
		if (same(&define->tokens[i], token))
			return MIN(number, MOST_PARAMETERS);
		number += is_char(&define->tokens[i], ',');
	}
	return 0;
}

static void add_part(GString *pattern, const struct statement *define, const struct token *token)
{
	guint number = parameter(define, token);

	if (number)
		g_string_append_c(pattern, (char)number);
	else if (token->flags & TOKEN_WORD && strncmp(token->at, "__VA_ARGS__", token->length))
		g_string_append_len(pattern, token->at, token->length);
	else
		g_string_append_c(pattern, MOST_PARAMETERS);
}

GPtrArray *paste_patterns(const struct statement *define)
{
	GPtrArray *patterns = NULL;

	for (guint i = 2; i < define->count; i++) {
		const struct token *token = &define->tokens[i];
		gboolean begins =
			token->flags & TOKEN_BEFORE_PASTE && !(token->flags & TOKEN_AFTER_PASTE);

		/* , ## __VA_ARGS__ drops the comma before nothing. */
		if (!begins || is_char(token, ','))
			continue;
		GString *pattern = g_string_new(NULL);
		add_part(pattern, define, token);
		while (i + 2 < define->count && define->tokens[i].flags & TOKEN_BEFORE_PASTE) {
			i += 2;
			add_part(pattern, define, &define->tokens[i]);
		}
		if (!patterns)
			patterns = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(patterns, g_string_free(pattern, FALSE));
	}
	return patterns;
}

/* The word that a parameter stands for, or NULL. */
static const struct token *argument(char number, const struct token *const *arguments, guint count)
{
	return (guint)number <= count ? arguments[number - 1] : NULL;
}

static gboolean matches(const char *pattern, const struct token *const *arguments, guint count,
			const char *name)
{
	for (; *pattern; pattern++) {
		gboolean is_parameter = *pattern > 0 && *pattern <= MOST_PARAMETERS;
		const struct token *word =
			is_parameter ? argument(*pattern, arguments, count) : NULL;

		if (word) {
			if (strncmp(name, word->at, word->length))
				return FALSE;
			name += word->length;
		} else if (is_parameter) {
			for (const char *rest = name; *rest; rest++)
				if (matches(pattern + 1, arguments, count, rest))
					return TRUE;
			return !pattern[1];
		} else if (*pattern != *name++) {
			return FALSE;
		}
	}
	return !*name;
}

gboolean paste_makes(const char *pattern, const struct token *const *arguments, guint count,
		     const char *name)
{
	gboolean known = FALSE;

	for (const char *at = pattern; *at && !known; at++)
		known = *at < 0 || *at > MOST_PARAMETERS || argument(*at, arguments, count);
	return known && matches(pattern, arguments, count, name);
}

/* Whether it is a word that stands for itself. */
static gboolean is_literal(const struct statement *statement, const struct token *token)
{
	if (!(token->flags & TOKEN_WORD) || token_is(token, "__VA_ARGS__"))
		return FALSE;
	return statement->kind != STATEMENT_DEFINE || !parameter(statement, token);
}

GPtrArray *paste_arguments(const struct statement *statement, guint at)
{
	GPtrArray *arguments;
	guint depth = 1, begin = at + 2;

	if (begin >= statement->count || !is_char(&statement->tokens[at + 1], '('))
		return NULL;
	arguments = g_ptr_array_new();
	for (guint i = begin; i < statement->count && depth; i++) {
		const struct token *token = &statement->tokens[i];

		depth += is_char(token, '(');
		depth -= is_char(token, ')');
		if (depth && (depth > 1 || !is_char(token, ',')))
			continue;
		gboolean is_word = i == begin + 1 && is_literal(statement, &token[-1]);
		g_ptr_array_add(arguments, is_word ? (gpointer)(token - 1) : NULL);
		begin = i + 1;
	}
	return arguments;
}
