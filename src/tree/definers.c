/*
 * Sources are looked through as text, all units of vmlinux once for all names.
 */
#include "tree/definers.h"

#include <string.h>

#include "base/files.h"

/* What SYSCALL_DEFINE makes of a name; the kernel's source has the rest only. */
static const char *const prefixes[] = {
	"__x64_sys_",	     "__ia32_sys_",	   "__se_sys_",	       "__do_sys_",
	"__x64_compat_sys_", "__ia32_compat_sys_", "__se_compat_sys_", "__do_compat_sys_",
};

/* The word that stands for a symbol in the source.  Caller frees. */
static char *word_of(const char *symbol)
{
	for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
		if (g_str_has_prefix(symbol, prefixes[i]))
			return g_strdup(symbol + strlen(prefixes[i]));
	return g_strndup(symbol, strcspn(symbol, "."));
}

static gboolean is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

static void add_unit(GPtrArray *units, const struct unit *unit)
{
	if (!g_ptr_array_find(units, unit, NULL))
		g_ptr_array_add(units, (gpointer)unit);
}

/* Whether a word may be what a line defines: parameters follow, or it is a system call. */
static gboolean may_define(const char *line, const char *behind)
{
	return *behind == '(' || g_str_has_prefix(line, "SYSCALL_DEFINE") ||
	       g_str_has_prefix(line, "COMPAT_SYSCALL_DEFINE");
}

/* Looks for words (word -> GPtrArray of units) in one line. */
static void search_line(const char *line, GHashTable *words, const struct unit *unit)
{
	for (const char *at = line; *at && *at != '\n';) {
		gsize length = 0;

		while (is_word(at[length]))
			length++;
		if (length && may_define(line, at + length)) {
			g_autofree char *word = g_strndup(at, length);
			GPtrArray *units = g_hash_table_lookup(words, word);

			if (units)
				add_unit(units, unit);
		}
		at += MAX(length, 1);
	}
}

static gboolean search_unit(const struct kernel *kernel, const struct unit *unit, GHashTable *words,
			    GError **error)
{
	g_autofree char *path = g_build_filename(kernel->source, unit->source, NULL);
	g_autofree char *generated = g_build_filename(kernel->build, unit->source, NULL);
	gboolean is_generated = !g_file_test(path, G_FILE_TEST_EXISTS);
	g_autofree char *text = NULL;

	/* Not every source that the build makes is made. */
	if (is_generated && !g_file_test(generated, G_FILE_TEST_EXISTS))
		return TRUE;
	text = files_read_text(is_generated ? generated : path, error);
	for (const char *line = text; line && *line;) {
		const char *end = strchrnul(line, '\n');

		if (is_word(*line))
			search_line(line, words, unit);
		line = *end ? end + 1 : end;
	}
	return text != NULL;
}

/* Word -> GPtrArray of units, still empty; the same for all names that it stands for. */
static GHashTable *words_of(GHashTable *names, GHashTable *found)
{
	GHashTable *words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
						  (GDestroyNotify)g_ptr_array_unref);
	GHashTableIter iter;
	gpointer name;

	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL)) {
		char *word = word_of(name);
		GPtrArray *units = g_hash_table_lookup(words, word);

		if (units) {
			g_free(word);
		} else {
			units = g_ptr_array_new();
			g_hash_table_insert(words, word, units);
		}
		g_hash_table_insert(found, name, g_ptr_array_ref(units));
	}
	return words;
}

GHashTable *definers_find(const struct kernel *kernel, const struct commands *commands,
			  GHashTable *names, GError **error)
{
	const GPtrArray *units = commands_units(commands);
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
							    (GDestroyNotify)g_ptr_array_unref);
	g_autoptr(GHashTable) words = words_of(names, found);

	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);

		if (unit->assembly || g_strcmp0(unit->object, "vmlinux"))
			continue;
		if (!search_unit(kernel, unit, words, error))
			return NULL;
	}
	return g_steal_pointer(&found);
}
