/*
 * Entries of the changelog to changes, by evidence.
 */
#include "release/assign.h"

GPtrArray *assign_entries(const struct changes *changes, const struct changelog *changelog,
			  GError **error)
{
	GPtrArray *without = g_ptr_array_new();

	for (guint i = 0; i < changelog->entries->len; i++)
		g_ptr_array_add(without, g_ptr_array_index(changelog->entries, i));
	return without;
}
