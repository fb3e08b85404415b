/*
 * Shell lines taken apart as far as Kbuild writes them: words, quotes, groups, `;`.
 */
#ifndef KLATCH_TREE_SHELL_H
#define KLATCH_TREE_SHELL_H

#include <glib.h>

/* Part of a line. */
struct text {
	const char *start;
	gsize length;
};

gboolean text_starts(struct text text, const char *prefix);
gboolean text_ends(struct text text, const char *suffix);
gboolean text_equals(struct text text, const char *string);
char *text_copy(struct text text); /* caller frees */

/* Takes the next word off a command, its quotes kept; false at the end.  A `;` parts words, too. */
gboolean shell_word(struct text *rest, struct text *word);

/* Takes the next command off a line: up to a `;` outside of quotes and groups. */
gboolean shell_command(struct text *rest, struct text *command);

#endif
