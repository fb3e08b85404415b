/*
 * Lines of the kernel's lists.  They are long (200,000 lines), so a line is taken apart in place.
 */
#include "host/lists.h"

#include <string.h>

/* Ends the word that begins here; returns what follows the blanks behind it. */
static char *end_word(char *word)
{
	char *end = word + strcspn(word, " \t");

	if (!*end)
		return end;
	*end++ = '\0';
	return end + strspn(end, " \t");
}

/* "[module]" to its name, or vmlinux; moves on to what follows. */
static const char *take_module(char **at)
{
	char *module = *at;
	char *close = *module == '[' ? strchr(module, ']') : NULL;

	if (!close)
		return "vmlinux";
	*close = '\0';
	*at = close + 1 + strspn(close + 1, " \t");
	/* some kernels put a build ID behind the name */
	module[1 + strcspn(module + 1, " ")] = '\0';
	return module + 1;
}

gboolean list_kallsyms(char *line, struct list_entry *entry)
{
	char *type = end_word(line);
	char *name = end_word(type);
	char *rest = end_word(name);

	if (!*line || strlen(type) != 1 || !*name)
		return FALSE;
	entry->name = name;
	entry->object = take_module(&rest);
	entry->rest = rest;
	return TRUE;
}

gboolean list_ftrace(char *line, struct list_entry *entry)
{
	char *rest = end_word(line);

	if (!*line)
		return FALSE;
	entry->name = line;
	entry->object = take_module(&rest);
	entry->rest = rest;
	return TRUE;
}

gboolean list_kprobes(char *line, struct list_entry *entry)
{
	char *type = end_word(line);
	char *name = end_word(type);
	char *module = end_word(name);
	char *plus = strchr(name, '+');

	if (!*line || !plus)
		return FALSE;
	end_word(module);
	*plus = '\0';
	entry->name = name;
	entry->object = *module && *module != '[' ? module : "vmlinux";
	entry->rest = plus + 1;
	return TRUE;
}

char *list_key(const char *object, const char *name)
{
	return g_strdup_printf("%s:%s", object, name);
}

void list_each(char *text, list_line *parse, GHashTable *keys, list_function *function, void *data)
{
	g_autoptr(GString) key = g_string_new(NULL);

	while (*text) {
		char *line = text;
		struct list_entry entry;

		text += strcspn(text, "\n");
		if (*text)
			*text++ = '\0';
		if (!parse(line, &entry))
			continue;
		g_string_printf(key, "%s:%s", entry.object, entry.name);
		if (g_hash_table_contains(keys, key->str))
			function(&entry, data);
	}
}

static void count(const struct list_entry *entry, void *data)
{
	g_autofree char *key = list_key(entry->object, entry->name);
	guint so_far = GPOINTER_TO_UINT(g_hash_table_lookup(data, key));

	g_hash_table_replace(data, g_steal_pointer(&key), GUINT_TO_POINTER(so_far + 1));
}

void list_count(char *text, list_line *parse, GHashTable *counts)
{
	list_each(text, parse, counts, count, counts);
}
