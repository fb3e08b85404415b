/*
 * Any bytes as a C file with a change: #line is put in, and nothing else is touched; its
 * statements, names and pastes are read, and members that may stay do.
 */
#include <string.h>

#include "tree/lines.h"
#include "tree/members.h"
#include "tree/narrow.h"
#include "tree/paste.h"
#include "tree/statements.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static gsize line_length(const char *text, gsize size)
{
	const char *newline = memchr(text, '\n', size);

	return newline ? (gsize)(newline + 1 - text) : size;
}

static gboolean same_line(const char *before, gsize length, const char *after, gsize size)
{
	return line_length(after, size) == length && !memcmp(after, before, length);
}

static void check_text(const char *before, gsize size, const char *after, gsize after_size)
{
	while (size) {
		gsize length = line_length(before, size);

		if (!same_line(before, length, after, after_size)) {
			gsize inserted = line_length(after, after_size);

			g_assert_cmpint(strncmp(after, "#line ", 6), ==, 0);
			after += inserted;
			after_size -= inserted;
		}
		g_assert_true(same_line(before, length, after, after_size));
		before += length;
		size -= length;
		after += length;
		after_size -= length;
	}
	g_assert_cmpuint(after_size, ==, 0);
}

/* Every token lies in the text; calls and pastes are looked at as following names does. */
static void look_at(const struct statement *statement, gpointer data)
{
	GPtrArray *patterns = data;

	g_assert_cmpuint(statement->count, >, 0);
	for (guint i = 0; i < statement->count; i++) {
		g_autoptr(GPtrArray) arguments = paste_arguments(statement, i);

		for (guint j = 0; arguments && j < patterns->len; j++)
			paste_makes(patterns->pdata[j], (gpointer)arguments->pdata, arguments->len,
				    "some_name");
	}
	if (statement->kind == STATEMENT_DEFINE) {
		g_autoptr(GPtrArray) more = paste_patterns(statement);

		if (more && patterns->len < 16)
			g_ptr_array_extend_and_steal(patterns, g_steal_pointer(&more));
	}
}

static void read_names(const char *text, gsize size, const GArray *lines, const GArray *runs)
{
	const struct narrow_text whole = {text, size, lines};
	g_autoptr(GHashTable) names = narrow_changed_names(&whole, &whole, runs);
	g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);

	/* No more names than bytes. */
	g_assert_true(!names || g_hash_table_size(names) <= size);
	statements_read(text, size, look_at, patterns);
}

/* The same text before and after: only what the run says was other lines can come out. */
static void keep_members(const char *text, gsize size, const GArray *runs)
{
	const struct changed_text file = {"file.c", text, text, size, size, runs};
	g_autoptr(GHashTable) words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) shadows = NULL;
	gsize kept_size = 0;

	members_count_words(&file, words);
	shadows = members_find_shadows(&file, words);
	g_autofree char *kept = members_keep(&file, words, shadows, notes, &kept_size);
	g_assert_true(kept != NULL || !notes->len);
	for (guint i = 0; i < shadows->len; i++)
		shadows_are_simple(g_ptr_array_index(shadows, i), &file);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	if (size < 4)
		return 0;

	const char *text = (const char *)data + 4;
	gsize result_size;
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(struct run));
	g_autoptr(GArray) lines = lines_read(text, size - 4);
	guint start = MIN(data[0], lines->len), rest = lines->len - start;
	struct run run = {start, MIN(data[1], rest), start, MIN(data[2], rest)};

	g_array_append_val(runs, run);
	g_autofree char *result = lines_renumber(text, size - 4, runs, &result_size);
	check_text(text, size - 4, result, result_size);
	lines_at_file_scope(lines, lines, runs);
	read_names(text, size - 4, lines, runs);
	keep_members(text, size - 4, runs);
	return 0;
}
