/*
 * The parts of a patch, as those of a release, but without a tree to count words in: a member is
 * new if the patch itself defines it, and then its struct is reason enough.
 */
#include "release/cautions.h"

#include "release/parts.h"
#include "release/words.h"
#include "tree/lines.h"
#include "tree/overlay.h"

static gboolean is_defined(const GPtrArray *parts, guint word)
{
	for (guint i = 0; i < parts->len; i++) {
		const struct part *part = g_ptr_array_index(parts, i);

		for (guint j = 0; j < part->uses->len; j++) {
			const struct use *use = &g_array_index(part->uses, struct use, j);

			if (use->word == word && use->flags & DEFINES_MEMBER &&
			    use->defined > use->undefined)
				return TRUE;
		}
	}
	return FALSE;
}

static gboolean is_compared(const struct patched_file *file)
{
	return file->change == PATCHED_MODIFIED && lines_are_of_c(file->path);
}

static gboolean add_parts(GPtrArray *parts, const struct changed_file *file, const char *original,
			  const char *patched, struct words *words, GError **error)
{
	GPtrArray *more = parts_of(file, original, patched, words, error);

	if (more)
		g_ptr_array_extend_and_steal(parts, more);
	return more != NULL;
}

/* Each is told once, however many parts rely on it. */
static GPtrArray *tell(const GPtrArray *parts)
{
	GPtrArray *cautions = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < parts->len; i++) {
		const struct part *part = g_ptr_array_index(parts, i);
		g_autofree char *text = NULL;

		if (!part->begins || (part->member != G_MAXUINT && is_defined(parts, part->member)))
			continue;
		text = g_strdup_printf("%s: %s", part->file->path, part->begins);
		if (!g_ptr_array_find_with_equal_func(cautions, text, g_str_equal, NULL))
			g_ptr_array_add(cautions, g_steal_pointer(&text));
	}
	return cautions;
}

GPtrArray *cautions_of(const GPtrArray *files, const char *original, const char *patched,
		       GError **error)
{
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
	g_autofree struct changed_file *changed = g_new0(struct changed_file, files->len + 1);
	AUTO(words) words = words_new();

	for (guint i = 0; i < files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(files, i);

		changed[i] = (struct changed_file){file->path, file->change, TRUE};
		if (is_compared(file) &&
		    !add_parts(parts, &changed[i], original, patched, words, error))
			return NULL;
	}
	return tell(parts);
}
