/*
 * The changed lines as sorted ranges of bytes.
 */
#include "tree/changed.h"

#include "tree/lines.h"

struct bytes_range {
	gsize start, end;
};

struct changed_bytes {
	const char *text;
	GArray *ranges; /* of struct bytes_range, in order */
};

gsize changed_line_start(const GArray *lines, guint line)
{
	if (line < lines->len)
		return g_array_index(lines, struct line, line).start;
	return lines->len ? g_array_index(lines, struct line, lines->len - 1).end : 0;
}

static struct changed_bytes *bytes_new(const char *text, gsize size, const GArray *runs,
				       gboolean patched)
{
	struct changed_bytes *bytes = g_new0(struct changed_bytes, 1);
	g_autoptr(GArray) lines = lines_read(text, size);

	bytes->text = text;
	bytes->ranges = g_array_new(FALSE, FALSE, sizeof(struct bytes_range));
	for (guint i = 0; i < runs->len; i++) {
		const struct run *run = &g_array_index(runs, struct run, i);
		guint start = patched ? run->new_start : run->old_start;
		guint count = patched ? run->new_count : run->old_count;
		struct bytes_range range = {
			.start = changed_line_start(lines, start),
			.end = changed_line_start(lines, start + count),
		};

		if (count)
			g_array_append_val(bytes->ranges, range);
	}
	return bytes;
}

struct changed_bytes *changed_old(const struct changed_text *text)
{
	return bytes_new(text->original, text->original_size, text->runs, FALSE);
}

struct changed_bytes *changed_new(const struct changed_text *text)
{
	return bytes_new(text->patched, text->patched_size, text->runs, TRUE);
}

gboolean changed_has(const struct changed_bytes *bytes, const char *at)
{
	gsize offset = at - bytes->text;
	guint low = 0, high = bytes->ranges->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		const struct bytes_range *range =
			&g_array_index(bytes->ranges, struct bytes_range, middle);

		if (offset >= range->start && offset < range->end)
			return TRUE;
		if (offset < range->start)
			high = middle;
		else
			low = middle + 1;
	}
	return FALSE;
}

void changed_bytes_free(struct changed_bytes *bytes)
{
	g_array_unref(bytes->ranges);
	g_free(bytes);
}

/* ---- edits ---- */

static void edit_clear(gpointer at)
{
	g_free(((struct edit *)at)->text);
}

GArray *edits_new(void)
{
	GArray *edits = g_array_new(FALSE, FALSE, sizeof(struct edit));

	g_array_set_clear_func(edits, edit_clear);
	return edits;
}

void edits_add(GArray *edits, gsize at, gsize length, const char *text, gsize text_length)
{
	struct edit edit = {at, length, g_strndup(text, text_length), text_length};

	g_array_append_val(edits, edit);
}

static gint compare_edits(gconstpointer a, gconstpointer b)
{
	const struct edit *one = a, *other = b;

	return one->at < other->at ? -1 : one->at > other->at;
}

char *edits_make(GArray *edits, const char *text, gsize size, gsize *result_size)
{
	GString *result = g_string_new(NULL);
	gsize at = 0;

	g_array_sort(edits, compare_edits);
	for (guint i = 0; i < edits->len; i++) {
		const struct edit *edit = &g_array_index(edits, struct edit, i);

		g_string_append_len(result, text + at, edit->at - at);
		g_string_append_len(result, edit->text, edit->text_length);
		at = edit->at + edit->length;
	}
	g_string_append_len(result, text + at, size - at);
	*result_size = result->len;
	return g_string_free(result, FALSE);
}
