/*
 * A reader of shell text that expands nothing.
 */
#include "tree/shell.h"

#include <string.h>

gboolean text_starts(struct text text, const char *prefix)
{
	gsize length = strlen(prefix);

	return text.length >= length && !memcmp(text.start, prefix, length);
}

gboolean text_ends(struct text text, const char *suffix)
{
	gsize length = strlen(suffix);

	return text.length >= length && !memcmp(text.start + text.length - length, suffix, length);
}

gboolean text_equals(struct text text, const char *string)
{
	return text.length == strlen(string) && text_starts(text, string);
}

char *text_copy(struct text text)
{
	/* Of no text at all the copy is "", too. */
	return g_strndup(text.start ? text.start : "", text.length);
}

/* Behind a quoted string that begins at c, or behind the one character that c is. */
static const char *skip_quoted(const char *c, const char *end)
{
	if (*c == '\'') {
		const char *close = memchr(c + 1, '\'', end - c - 1);

		return close ? close + 1 : end;
	}
	if (*c != '"')
		return MIN(c + (*c == '\\' ? 2 : 1), end);
	for (c++; c < end && *c != '"'; c++)
		if (*c == '\\')
			c++;
	return MIN(c + 1, end);
}

static gboolean is_separator(char c)
{
	return g_ascii_isspace(c) || c == ';';
}

gboolean shell_word(struct text *rest, struct text *word)
{
	const char *c = rest->start, *end = c + rest->length;

	while (c < end && is_separator(*c))
		c++;
	word->start = c;
	while (c < end && !is_separator(*c))
		c = skip_quoted(c, end);
	word->length = c - word->start;
	rest->start = c;
	rest->length = end - c;
	return word->length > 0;
}

gboolean shell_command(struct text *rest, struct text *command)
{
	const char *c = rest->start, *end = c + rest->length;
	guint depth = 0;

	while (c < end && is_separator(*c))
		c++;
	command->start = c;
	while (c < end && (*c != ';' || depth)) {
		/* Braces group only where they are words. */
		gboolean word = c == command->start || g_ascii_isspace(c[-1]);

		if (*c == '(' || (*c == '{' && word))
			depth++;
		else if (depth && (*c == ')' || (*c == '}' && word)))
			depth--;
		c = skip_quoted(c, end);
	}
	command->length = c - command->start;
	rest->start = c;
	rest->length = end - c;
	return command->length > 0;
}
