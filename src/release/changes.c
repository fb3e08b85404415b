/*
 * From two trees to changes: which files differ, which of them count.
 */
#include "release/changes.h"

#include "release/text.h"
#include "release/trees.h"

static void hunk_free(struct hunk *hunk)
{
	g_free(hunk->scope);
	g_free(hunk);
}

static void change_free(struct change *change)
{
	g_ptr_array_unref(change->hunks);
	g_ptr_array_unref(change->files);
	g_ptr_array_unref(change->ties);
	g_ptr_array_unref(change->entries);
	g_free(change->obstacle);
	g_free(change);
}

static struct change *change_new(guint number)
{
	struct change *change = g_new0(struct change, 1);

	change->number = number;
	change->hunks = g_ptr_array_new_with_free_func((GDestroyNotify)hunk_free);
	change->files = g_ptr_array_new();
	change->ties = g_ptr_array_new_with_free_func(g_free);
	change->entries = g_ptr_array_new();
	return change;
}

void changes_free(struct changes *changes)
{
	g_ptr_array_unref(changes->all);
	g_ptr_array_unref(changes->unbuilt);
	g_clear_pointer(&changes->files, g_ptr_array_unref);
	g_free(changes->original);
	g_free(changes->patched);
	g_free(changes);
}

static gboolean add_file(struct changes *changes, struct changed_file *file, GError **error)
{
	AUTO(text) original = text_read(changes->original, file->path, error);
	AUTO(text) patched = original ? text_read(changes->patched, file->path, error) : NULL;
	struct change *change;
	struct hunk *hunk;

	if (!patched)
		return FALSE;
	change = change_new(changes->all->len + 1);
	g_ptr_array_add(changes->all, change);
	hunk = g_new0(struct hunk, 1);
	hunk->file = file;
	hunk->original_line = hunk->patched_line = 1;
	hunk->original_count = original->count;
	hunk->patched_count = patched->count;
	g_ptr_array_add(change->hunks, hunk);
	g_ptr_array_add(change->files, file);
	return TRUE;
}

struct changes *changes_between(const char *original, const char *patched, struct built *built,
				struct progress *progress, GError **error)
{
	AUTO(changes) changes = g_new0(struct changes, 1);

	changes->original = g_strdup(original);
	changes->patched = g_strdup(patched);
	changes->all = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
	changes->unbuilt = g_ptr_array_new();
	changes->files = trees_compare(original, patched, progress, error);
	if (!changes->files)
		return NULL;
	for (guint i = 0; i < changes->files->len; i++) {
		struct changed_file *file = g_ptr_array_index(changes->files, i);

		file->built = built->holds(built, file->path);
		if (!file->built)
			g_ptr_array_add(changes->unbuilt, file);
		else if (!add_file(changes, file, error))
			return NULL;
	}
	return g_steal_pointer(&changes);
}
