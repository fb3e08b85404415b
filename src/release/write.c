/*
 * Chosen changes as a unified diff.  Hunks keep only their line numbers, so the text is read again
 * from both trees; what lies between chosen hunks is the original's, also where other changes are.
 */
#include <string.h>

#include "base/files.h"
#include "release/changes.h"
#include "release/text.h"

#define CONTEXT 3

struct output {
	GString *diff;
	const struct text *original, *patched;
	gint64 offset; /* by how much the chosen hunks so far have moved the lines that follow */
};

static void put_line(GString *diff, char mark, const struct text *text, guint line)
{
	gsize length;
	const char *start = text_line(text, line, &length);

	g_string_append_c(diff, mark);
	g_string_append_len(diff, start, length);
	if (start[length - 1] != '\n')
		g_string_append(diff, "\n\\ No newline at end of file\n");
}

/* "12,3"; diff(1) names the line before where there is none. */
static void put_range(GString *diff, char mark, gint64 first, guint count)
{
	g_string_append_printf(diff, "%c%" G_GINT64_FORMAT, mark, count ? first + 1 : first);
	if (count != 1)
		g_string_append_printf(diff, ",%u", count);
}

static guint original_start(const struct hunk *hunk)
{
	return hunk->original_line - 1;
}

static guint original_end(const struct hunk *hunk)
{
	return original_start(hunk) + hunk->original_count;
}

/* How many hunks from `from` on stand so close that they share context. */
static guint count_near(const GPtrArray *hunks, guint from)
{
	guint to = from + 1;

	for (; to < hunks->len; to++) {
		const struct hunk *before = g_ptr_array_index(hunks, to - 1);
		const struct hunk *hunk = g_ptr_array_index(hunks, to);

		if (original_start(hunk) - original_end(before) > 2 * CONTEXT)
			break;
	}
	return to - from;
}

static void put_body(const struct output *output, struct hunk *const *hunks, guint count,
		     guint start, guint end)
{
	guint line = start;

	for (guint i = 0; i < count; i++) {
		const struct hunk *hunk = hunks[i];

		for (; line < original_start(hunk); line++)
			put_line(output->diff, ' ', output->original, line);
		for (; line < original_end(hunk); line++)
			put_line(output->diff, '-', output->original, line);
		for (guint j = 0; j < hunk->patched_count; j++)
			put_line(output->diff, '+', output->patched, hunk->patched_line - 1 + j);
	}
	for (; line < end; line++)
		put_line(output->diff, ' ', output->original, line);
}

/* Hunks that share context, as one. */
static void put_hunks(struct output *output, struct hunk *const *hunks, guint count)
{
	guint first = original_start(hunks[0]), last = original_end(hunks[count - 1]);
	guint start = first - MIN(first, CONTEXT);
	guint end = MIN(last + CONTEXT, output->original->count);
	gint64 grown = 0;

	for (guint i = 0; i < count; i++)
		grown += (gint64)hunks[i]->patched_count - hunks[i]->original_count;
	g_string_append(output->diff, "@@ ");
	put_range(output->diff, '-', start, end - start);
	g_string_append_c(output->diff, ' ');
	put_range(output->diff, '+', start + output->offset, (guint)(end - start + grown));
	g_string_append(output->diff, " @@\n");
	put_body(output, hunks, count, start, end);
	output->offset += grown;
}

static void put_header(GString *diff, const struct changed_file *file)
{
	if (file->change == PATCHED_ADDED)
		g_string_append(diff, "--- /dev/null\n");
	else
		g_string_append_printf(diff, "--- a/%s\n", file->path);
	if (file->change == PATCHED_DELETED)
		g_string_append(diff, "+++ /dev/null\n");
	else
		g_string_append_printf(diff, "+++ b/%s\n", file->path);
}

/* The chosen hunks of one file, in order of lines. */
static gboolean put_file(GString *diff, const struct changes *changes,
			 const struct changed_file *file, const GPtrArray *hunks, GError **error)
{
	AUTO(text) original = text_read(changes->original, file->path, error);
	AUTO(text) patched = original ? text_read(changes->patched, file->path, error) : NULL;
	struct output output = {diff, original, patched, 0};

	if (!patched)
		return FALSE;
	put_header(diff, file);
	for (guint i = 0; i < hunks->len;) {
		guint count = count_near(hunks, i);

		put_hunks(&output, (struct hunk *const *)hunks->pdata + i, count);
		i += count;
	}
	return TRUE;
}

static gint compare_hunks(gconstpointer a, gconstpointer b)
{
	const struct hunk *one = *(struct hunk *const *)a, *other = *(struct hunk *const *)b;

	if (one->original_line != other->original_line)
		return one->original_line < other->original_line ? -1 : 1;
	return (one->patched_line > other->patched_line) -
	       (one->patched_line < other->patched_line);
}

/* The chosen hunks by file: changed_file to array of hunks. */
static GHashTable *sort_by_file(const GPtrArray *chosen)
{
	GHashTable *table =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);

	for (guint i = 0; i < chosen->len; i++) {
		const struct change *change = g_ptr_array_index(chosen, i);

		for (guint j = 0; j < change->hunks->len; j++) {
			struct hunk *hunk = g_ptr_array_index(change->hunks, j);
			GPtrArray *hunks = g_hash_table_lookup(table, hunk->file);

			if (!hunks) {
				hunks = g_ptr_array_new();
				g_hash_table_insert(table, (gpointer)hunk->file, hunks);
			}
			g_ptr_array_add(hunks, hunk);
		}
	}
	return table;
}

char *changes_text(const struct changes *changes, const GPtrArray *chosen, GHashTable *paths,
		   GError **error)
{
	g_autoptr(GHashTable) by_file = sort_by_file(chosen);
	g_autoptr(GString) diff = g_string_new(NULL);

	for (guint i = 0; i < changes->files->len; i++) {
		const struct changed_file *file = g_ptr_array_index(changes->files, i);
		GPtrArray *hunks = g_hash_table_lookup(by_file, file);

		if (!hunks || (paths && !g_hash_table_contains(paths, file->path)))
			continue;
		g_ptr_array_sort(hunks, compare_hunks);
		if (!put_file(diff, changes, file, hunks, error))
			return NULL;
	}
	return g_string_free(g_steal_pointer(&diff), FALSE);
}

gboolean changes_write(const struct changes *changes, const GPtrArray *chosen, GHashTable *paths,
		       const char *path, GError **error)
{
	g_autofree char *text = changes_text(changes, chosen, paths, error);

	return text && files_write(path, text, strlen(text), error);
}
