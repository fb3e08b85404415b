/*
 * The chosen changes are kept as a list in order: that is what a patch is written of.
 */
#include "renewal/selection.h"

struct selection *selection_new(const struct changes *changes)
{
	struct selection *selection = g_new0(struct selection, 1);

	selection->changes = changes;
	selection->chosen = g_ptr_array_new();
	selection->refusals = g_new0(GError *, changes->all->len);
	selection->asked = g_new0(gboolean, changes->all->len);
	selection->by_file = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
						   (GDestroyNotify)g_ptr_array_unref);
	for (guint i = 0; i < changes->all->len; i++) {
		const struct change *change = g_ptr_array_index(changes->all, i);

		for (guint j = 0; j < change->files->len; j++) {
			const struct changed_file *file = g_ptr_array_index(change->files, j);
			GPtrArray *same = g_hash_table_lookup(selection->by_file, file->path);

			if (!same) {
				same = g_ptr_array_new();
				g_hash_table_insert(selection->by_file, file->path, same);
			}
			g_ptr_array_add(same, (gpointer)change);
		}
	}
	return selection;
}

void selection_free(struct selection *selection)
{
	for (guint i = 0; i < selection->changes->all->len; i++)
		g_clear_error(&selection->refusals[i]);
	g_free(selection->refusals);
	g_free(selection->asked);
	g_ptr_array_unref(selection->chosen);
	g_hash_table_unref(selection->by_file);
	g_free(selection);
}

static void choose_again(struct selection *selection)
{
	g_ptr_array_set_size(selection->chosen, 0);
	for (guint i = 0; i < selection->changes->all->len; i++)
		if (selection->asked[i] && !selection->refusals[i])
			g_ptr_array_add(selection->chosen,
					g_ptr_array_index(selection->changes->all, i));
}

void selection_ask(struct selection *selection, const struct change *change)
{
	selection->asked[change->number - 1] = TRUE;
	choose_again(selection);
}

void selection_leave(struct selection *selection, const struct change *change)
{
	selection->asked[change->number - 1] = FALSE;
	choose_again(selection);
}

gboolean selection_asked(const struct selection *selection, const struct change *change)
{
	return selection->asked[change->number - 1];
}

gboolean selection_refuse(struct selection *selection, const struct change *change,
			  const GError *reason)
{
	GError **refusal = &selection->refusals[change->number - 1];

	if (*refusal)
		return FALSE;
	*refusal = g_error_copy(reason);
	choose_again(selection);
	return TRUE;
}

const GError *selection_refusal(const struct selection *selection, const struct change *change)
{
	return selection->refusals[change->number - 1];
}

gboolean selection_has(const struct selection *selection, const struct change *change)
{
	return selection_asked(selection, change) && !selection_refusal(selection, change);
}

const GPtrArray *selection_of_file(const struct selection *selection, const char *path)
{
	return g_hash_table_lookup(selection->by_file, path);
}

void selection_add_of_file(const struct selection *selection, const char *path, GPtrArray *changes)
{
	const GPtrArray *same = selection_of_file(selection, path);

	for (guint i = 0; same && i < same->len; i++)
		if (selection_has(selection, g_ptr_array_index(same, i)) &&
		    !g_ptr_array_find(changes, g_ptr_array_index(same, i), NULL))
			g_ptr_array_add(changes, g_ptr_array_index(same, i));
}

gboolean selection_settle(struct selection *selection, selection_judge *const *judges, gsize count,
			  gpointer data, GError **error)
{
	for (gsize i = 0; i < count;) {
		guint before = selection->chosen->len;

		if (!judges[i](selection, data, error))
			return FALSE;
		i = selection->chosen->len < before ? 0 : i + 1;
	}
	return TRUE;
}
