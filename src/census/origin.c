/*
 * Where a real key is asked: in a macro or inline of a header, or in a .c file.
 *
 * The source tree tells: a header that names a key, other than to declare it, asks it.  Sites of
 * such a key that stand in a .c file are counted with the header's.
 */
#include <string.h>

#include "base/files.h"
#include "census/census.h"

/* Where the kernel proper has headers for x86-64; others are of one driver. */
static const char *const trees[] = {"include", "arch/x86/include", "kernel", "mm", "net", "block"};

static gboolean is_name(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* Whether a line only says that there is such a key, or is a comment. */
static gboolean declares(const char *line, const char *end)
{
	while (line < end && g_ascii_isspace(*line))
		line++;
	return *line == '*' || g_str_has_prefix(line, "//") ||
	       g_str_has_prefix(line, "DECLARE_STATIC_KEY") || g_str_has_prefix(line, "extern ");
}

/* Marks the keys that the names of a line are. */
static void read_line(GHashTable *keys, const char *line, const char *end)
{
	GString *word = g_string_new(NULL);

	for (const char *at = line; at < end; at++) {
		if (!is_name(*at))
			continue;
		g_string_truncate(word, 0);
		for (; at < end && is_name(*at); at++)
			g_string_append_c(word, *at);
		struct census_key *key = g_hash_table_lookup(keys, word->str);
		if (key && !declares(line, end))
			key->in_header = TRUE;
	}
	g_string_free(word, TRUE);
}

static gboolean read_header(GHashTable *keys, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(path, error);
	gsize size;

	if (!bytes)
		return FALSE;
	const char *text = g_bytes_get_data(bytes, &size);
	const char *end = text + size;
	while (text < end) {
		const char *stop = memchr(text, '\n', (gsize)(end - text));

		if (!stop)
			break; /* a header ends with a newline */
		read_line(keys, text, stop);
		text = stop + 1;
	}
	return TRUE;
}

static gboolean read_tree(GHashTable *keys, const char *directory, GError **error)
{
	g_autoptr(GDir) listing = g_dir_open(directory, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			continue;
		if (g_file_test(path, G_FILE_TEST_IS_DIR)
			    ? !read_tree(keys, path, error)
			    : g_str_has_suffix(name, ".h") && !read_header(keys, path, error))
			return FALSE;
	}
	return TRUE;
}

gboolean census_trace_keys(struct census *census, const char *source, GError **error)
{
	g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < census->keys->len; i++) {
		struct census_key *key = g_ptr_array_index(census->keys, i);

		g_hash_table_insert(keys, key->name, key);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(trees); i++) {
		g_autofree char *directory = g_build_filename(source, trees[i], NULL);

		if (!read_tree(keys, directory, error))
			return FALSE;
	}
	census->keys_traced = TRUE;
	return TRUE;
}

guint64 census_keys_in_headers(const struct census *census, guint64 *all)
{
	guint64 in_header = 0;

	*all = 0;
	for (guint i = 0; i < census->keys->len; i++) {
		const struct census_key *key = g_ptr_array_index(census->keys, i);

		*all += key->entries;
		in_header += key->in_header ? key->entries : 0;
	}
	return in_header;
}
