/*
 * Any bytes as C: each line belongs to a declaration that there is, each declaration has its lines
 * and words.
 */
#include <unistd.h>

#include "base/files.h"
#include "release/outline.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autofree char *name = g_strdup_printf("klatch-fuzz-%d", getpid());
	g_autofree char *path = g_build_filename("/dev/shm", name, NULL);

	g_assert_true(files_write(path, data, size, NULL));
	AUTO(text) text = text_read("/dev/shm", name, NULL);
	unlink(path);
	AUTO(outline) outline = outline_read(text);
	for (guint i = 0; i < outline->declarations->len; i++) {
		const struct declaration *declaration =
			&g_array_index(outline->declarations, struct declaration, i);

		g_assert_true(declaration->first <= declaration->signature &&
			      declaration->signature <= declaration->last &&
			      declaration->last < text->count);
		g_assert_true(declaration->first_word + declaration->words <= outline->words->len);
	}
	for (guint line = 0; line < text->count; line++)
		g_assert_true(outline->owners[line] < (gint32)outline->declarations->len);
	for (guint i = 0; i < outline->words->len; i++)
		g_assert_true(g_array_index(outline->words, struct word, i).line < text->count);
	return 0;
}
