/*
 * A changed file's two texts, read and given to who cuts them and who reads the words.
 */
#include "release/parts.h"

#include "release/cutting.h"

void part_free(struct part *part)
{
	g_free(part->scope);
	g_free(part->begins);
	g_clear_pointer(&part->uses, g_array_unref);
	g_array_unref(part->balances);
	g_array_unref(part->counters);
	g_array_unref(part->counters_around);
	g_array_unref(part->left_to);
	g_ptr_array_unref(part->includes);
	g_free(part);
}

GPtrArray *parts_of(const struct changed_file *file, const char *original_tree,
		    const char *patched_tree, struct words *words, GError **error)
{
	AUTO(text) original = text_read(original_tree, file->path, error);
	AUTO(text) patched = original ? text_read(patched_tree, file->path, error) : NULL;
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
	struct cutting cutting = {.file = file,
				  .words = words,
				  .trees = {original_tree, patched_tree},
				  .texts = {original, patched},
				  .parts = parts};

	if (!patched)
		return NULL;
	AUTO(outline) original_outline = outline_read(original);
	AUTO(outline) patched_outline = outline_read(patched);
	cutting.outlines[ORIGINAL] = original_outline;
	cutting.outlines[PATCHED] = patched_outline;
	if (!cutting_cut(&cutting, error))
		return NULL;
	cutting_find_begins(&cutting);
	cutting_find_variables(&cutting);
	cutting_find_moves(&cutting);
	cutting_find_instead(&cutting);
	cutting_find_places(&cutting);
	cutting_find_members(&cutting);
	cutting_find_flags(&cutting);
	cutting_read_uses(&cutting);
	cutting_read_balances(&cutting);
	cutting_read_counters(&cutting);
	cutting_read_calls(&cutting);
	cutting_read_checks(&cutting);
	return g_steal_pointer(&parts);
}

struct part *cutting_part_of(const struct cutting *cutting, guint side, guint line)
{
	for (guint i = 0; i < cutting->parts->len; i++) {
		struct part *part = g_ptr_array_index(cutting->parts, i);
		guint start = side == ORIGINAL ? part->original_start : part->patched_start;
		guint length = side == ORIGINAL ? part->original_count : part->patched_count;

		if (line >= start && line < start + length)
			return part;
	}
	return NULL;
}

void cutting_read_new_calls(struct cutting *cutting, cutting_reader *read)
{
	const GArray *words = cutting->outlines[PATCHED]->words;

	for (guint i = 0; i < words->len; i++) {
		const struct word *word = &g_array_index(words, struct word, i);
		struct part *part = word->flags & WORD_CALLED
					    ? cutting_part_of(cutting, PATCHED, word->line)
					    : NULL;

		if (part)
			read(cutting, part, i);
	}
}
