/*
 * A function or variable that becomes global is no change of any code: only those who may now name
 * it change.
 */
#include "diff/opened.h"

GPtrArray *diff_opened(const struct diff *diff)
{
	GPtrArray *opened = g_ptr_array_new();
	GHashTableIter iter;
	gpointer patched, original;

	g_hash_table_iter_init(&iter, diff->origins);
	while (g_hash_table_iter_next(&iter, &patched, &original))
		if (((struct symbol *)patched)->binding != STB_LOCAL &&
		    ((struct symbol *)original)->binding == STB_LOCAL)
			g_ptr_array_add(opened, patched);
	return opened;
}
