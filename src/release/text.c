/*
 * Lines are found once; everything else asks for them by number.
 */
#include "release/text.h"

#include <string.h>

#include "base/files.h"

static void find_lines(struct text *text)
{
	g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(gsize));
	gsize at = 0;

	while (at < text->size) {
		const char *newline = memchr(text->data + at, '\n', text->size - at);

		g_array_append_val(starts, at);
		at = newline ? (gsize)(newline + 1 - text->data) : text->size;
	}
	text->count = starts->len;
	g_array_append_val(starts, at);
	text->starts = (gsize *)g_array_free(g_steal_pointer(&starts), FALSE);
}

struct text *text_read(const char *root, const char *path, GError **error)
{
	g_autofree char *file = g_build_filename(root, path, NULL);
	AUTO(text) text = g_new0(struct text, 1);

	if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
		text->bytes = files_map(file, error);
	else
		text->bytes = g_bytes_new(NULL, 0);
	if (!text->bytes)
		return NULL;
	text->data = g_bytes_get_data(text->bytes, &text->size);
	find_lines(text);
	return g_steal_pointer(&text);
}

void text_free(struct text *text)
{
	g_clear_pointer(&text->bytes, g_bytes_unref);
	g_free(text->starts);
	g_free(text);
}

guint text_line_of(const struct text *text, gsize offset)
{
	guint low = 0, high = text->count;

	while (high - low > 1) {
		guint middle = low + (high - low) / 2;

		if (text->starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}
