/*
 * No make, no Kconfig: only the words that name a source, a directory or an option.
 */
#include "release/rules.h"

#include <string.h>

gboolean rules_is(const char *path)
{
	static const char *const names[] = {"Makefile", "Kbuild", "Kconfig", NULL};
	g_autofree char *name = g_path_get_basename(path);

	for (gsize i = 0; names[i]; i++)
		if (g_str_has_prefix(name, names[i]))
			return TRUE;
	return FALSE;
}

struct reading {
	const char *directory; /* of the rule file; "." is the tree itself */
	rules_function *function;
	gpointer data;
};

static void put_path(const struct reading *reading, const char *name, gsize length,
		     const char *suffix)
{
	g_autofree char *file = g_strdup_printf("%.*s%s", (int)length, name, suffix);
	g_autofree char *path = strcmp(reading->directory, ".")
					? g_strdup_printf("%s/%s", reading->directory, file)
					: g_strdup(file);

	reading->function(path, reading->data);
}

static void read_word(const struct reading *reading, const char *word)
{
	gsize length = strlen(word);

	if (g_str_has_prefix(word, "CONFIG_"))
		reading->function(word, reading->data);
	else if (length > 2 && g_str_has_suffix(word, ".o"))
		put_path(reading, word, length - 2, ".c");
	else if (length > 1 && g_str_has_suffix(word, "/"))
		put_path(reading, word, length, "");
}

static void read_make_line(const struct reading *reading, const char *line)
{
	static const char kept[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";

	while (*line && *line != '#') {
		gsize length = strspn(line, kept);
		g_autofree char *word = g_strndup(line, length);

		if (length)
			read_word(reading, word);
		line += length ? length : 1;
	}
}

/* Whether a line of Kconfig begins an option; then calls the function with it. */
static gboolean read_option(const struct reading *reading, const char *line)
{
	static const char *const beginnings[] = {"config ", "menuconfig ", NULL};

	for (gsize i = 0; beginnings[i]; i++) {
		if (!g_str_has_prefix(line, beginnings[i]))
			continue;
		g_autofree char *name = g_strstrip(g_strdup(line + strlen(beginnings[i])));
		g_autofree char *option = g_strconcat("CONFIG_", name, NULL);
		reading->function(option, reading->data);
		return TRUE;
	}
	return FALSE;
}

static char *line_of(const struct text *text, guint line)
{
	gsize length;
	const char *start = text_line(text, line, &length);

	return g_strndup(start, length);
}

/* The options that the lines belong to or begin. */
static void read_options(const struct reading *reading, const struct text *text, guint start,
			 guint count)
{
	gboolean found = FALSE;

	for (guint line = start + 1; line-- > 0 && !found;) {
		g_autofree char *above = line < text->count ? line_of(text, line) : g_strdup("");

		found = read_option(reading, above);
	}
	for (guint line = start + 1; line < start + count; line++) {
		g_autofree char *within = line_of(text, line);

		read_option(reading, within);
	}
}

void rules_read(const char *path, const struct text *text, guint start, guint count,
		rules_function *function, gpointer data)
{
	g_autofree char *directory = g_path_get_dirname(path);
	g_autofree char *name = g_path_get_basename(path);
	struct reading reading = {directory, function, data};

	if (g_str_has_prefix(name, "Kconfig")) {
		read_options(&reading, text, start, count);
		return;
	}
	for (guint line = start; line < start + count; line++) {
		g_autofree char *within = line_of(text, line);

		read_make_line(&reading, within);
	}
}
