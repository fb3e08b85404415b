/*
 * Any two objects, compared: what is said is about them, and nothing is missing from it.  The input
 * is the size of the first in four bytes, then both.
 */
#include <string.h>

#include "diff/diff.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void check(const struct diff *diff, const struct object *original,
		  const struct object *patched)
{
	GHashTableIter iter;
	gpointer symbol, origin, section;

	for (guint i = 0; i < diff->functions->len; i++) {
		const struct diff_function *function = g_ptr_array_index(diff->functions, i);

		g_assert_nonnull(function->why);
		g_assert_true(!function->original == (function->change == DIFF_NEW));
		g_assert_true(g_hash_table_contains(diff->sections, function->patched->section));
	}
	g_hash_table_iter_init(&iter, diff->origins);
	while (g_hash_table_iter_next(&iter, &symbol, &origin)) {
		g_assert_true(object_symbol_at(patched, ((struct symbol *)symbol)->index) ==
			      symbol);
		g_assert_true(object_symbol_at(original, ((struct symbol *)origin)->index) ==
			      origin);
	}
	g_hash_table_iter_init(&iter, diff->sections);
	while (g_hash_table_iter_next(&iter, &section, NULL))
		g_assert_true(object_section_at(patched, ((struct section *)section)->index) ==
			      section);
}

static struct object *read_part(const guint8 *data, gsize size)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);

	return object_read_bytes(bytes, "fuzz", NULL);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	guint32 first;

	if (size < sizeof(first))
		return 0;
	memcpy(&first, data, sizeof(first));
	data += sizeof(first);
	size -= sizeof(first);
	first = MIN(GUINT32_FROM_LE(first), size);

	AUTO(object) original = read_part(data, first);
	AUTO(object) patched = original ? read_part(data + first, size - first) : NULL;
	if (!patched)
		return 0;
	gboolean types = object_section(original, ".debug_info") != NULL;
	g_autoptr(GError) error = NULL;
	AUTO(diff) diff = diff_objects(original, patched, 6001, types, NULL, &error);
	g_assert_true((diff == NULL) == (error != NULL));
	if (diff)
		check(diff, original, patched);
	return 0;
}
