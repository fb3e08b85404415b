/*
 * The first judge: what the chosen changes make of the source tree, and which units they reach.
 * Of what can be told of files alone.
 */
#include "renewal/inside.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "tree/touched.h"

/* ---- the overlay of what is chosen ---- */

/* Writes chosen changes as a patch, of these files or (NULL) of all; its path, or NULL on error. */
static char *write_patch(const struct renewal *renewal, const GPtrArray *chosen, GHashTable *paths,
			 const char *name, GError **error)
{
	g_autofree char *file = g_strconcat(name, ".patch", NULL);
	g_autofree char *patch = g_build_filename(renewal->directory, file, NULL);

	return changes_write(renewal->result->changes, chosen, paths, patch, error)
		       ? g_steal_pointer(&patch)
		       : NULL;
}

/* In a directory that is not there. */
static struct overlay *make_overlay(const struct renewal *renewal, const GPtrArray *chosen,
				    const char *name, GError **error)
{
	g_autofree char *directory = g_build_filename(renewal->directory, name, NULL);
	g_autofree char *patch = write_patch(renewal, chosen, NULL, name, error);
	const char *const patches[] = {chosen->len ? patch : NULL, NULL};

	return patch ? overlay_new(renewal->kernel, patches, directory, error) : NULL;
}

/* The overlay of a change alone, beside that of all. */
struct overlay *renewal_overlay_of_one(const struct renewal *renewal, const struct change *change,
				       GError **error)
{
	g_autofree char *directory = g_build_filename(renewal->directory, "alone", NULL);
	g_autoptr(GPtrArray) chosen = g_ptr_array_new();

	g_ptr_array_add(chosen, (gpointer)change);
	return files_remove_tree(directory, error) ? make_overlay(renewal, chosen, "alone", error)
						   : NULL;
}

static char *file_sum(const struct overlay *overlay, const struct patched_file *file,
		      GError **error)
{
	g_autofree char *path = g_build_filename(overlay->root, file->path, NULL);
	g_autoptr(GBytes) bytes = NULL;

	if (file->change == PATCHED_DELETED)
		return g_strdup("deleted");
	bytes = files_map(path, error);
	return bytes ? g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes) : NULL;
}

/* The files of the changes that the overlay holds and that are not chosen any more. */
static GHashTable *left_files(const struct renewal *renewal)
{
	GHashTable *paths = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < renewal->overlaid->len; i++) {
		const struct change *change = g_ptr_array_index(renewal->overlaid, i);

		for (guint j = 0; j < change->files->len; j++)
			if (!selection_has(renewal->selection, change))
				g_hash_table_add(
					paths,
					((struct changed_file *)change->files->pdata[j])->path);
	}
	return paths;
}

static gboolean repatch(struct renewal *renewal, GHashTable *paths, GError **error)
{
	g_autofree char *patch =
		write_patch(renewal, renewal->selection->chosen, paths, "overlay", error);
	GStatBuf status;

	if (!patch)
		return FALSE;
	gboolean any = !g_stat(patch, &status) && status.st_size;
	const char *const patches[] = {any ? patch : NULL, NULL};
	return overlay_repatch(renewal->overlay, renewal->kernel, paths, patches, error);
}

/* Of the files of the overlay that are among these, or of all (NULL). */
static gboolean take_sums(struct renewal *renewal, GHashTable *paths, GError **error)
{
	for (guint i = 0; i < renewal->overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(renewal->overlay->files, i);
		char *sum;

		if (paths && !g_hash_table_contains(paths, file->path))
			continue;
		sum = file_sum(renewal->overlay, file, error);
		if (!sum)
			return FALSE;
		g_hash_table_replace(renewal->sums, g_strdup(file->path), sum);
	}
	return TRUE;
}

static gboolean remake_left(struct renewal *renewal, GError **error)
{
	g_autoptr(GHashTable) paths = left_files(renewal);
	GHashTableIter iter;
	gpointer path;

	g_hash_table_iter_init(&iter, paths);
	while (g_hash_table_iter_next(&iter, &path, NULL))
		g_hash_table_remove(renewal->sums, path);
	return repatch(renewal, paths, error) && take_sums(renewal, paths, error);
}

/* Makes the overlay hold what is chosen now. */
gboolean renewal_renew_overlay(struct renewal *renewal, GError **error)
{
	const GPtrArray *chosen = renewal->selection->chosen;

	/* What is chosen only becomes less. */
	if (renewal->overlay && renewal->overlaid->len == chosen->len)
		return TRUE;
	renewal_begin_stage(renewal, "overlay");
	if (!renewal->overlay) {
		renewal->overlay = make_overlay(renewal, chosen, "overlay", error);
		if (!renewal->overlay || !take_sums(renewal, NULL, error))
			return FALSE;
	} else if (!remake_left(renewal, error)) {
		return FALSE;
	}
	g_ptr_array_set_size(renewal->overlaid, 0);
	g_ptr_array_extend(renewal->overlaid, (GPtrArray *)chosen, NULL, NULL);
	return TRUE;
}

/* ---- which units each file leads to ---- */

/* What one change alone is refused for in a file; NULL if for nothing. */
static gboolean touched_alone(struct renewal *renewal, const struct change *change,
			      const char *path, struct touched **touched, GError **error)
{
	AUTO(overlay) overlay = NULL;
	AUTO(toucher) toucher = NULL;

	*touched = NULL;
	overlay = renewal_overlay_of_one(renewal, change, error);
	if (!overlay)
		return FALSE;
	toucher = toucher_new(renewal->kernel, renewal->commands, overlay);
	for (guint i = 0; i < overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(overlay->files, i);

		if (!strcmp(file->path, path)) {
			*touched = toucher_file(toucher, file, error);
			return *touched != NULL;
		}
	}
	return TRUE;
}

static void add_units(struct touched *all, const GPtrArray *units)
{
	for (guint i = 0; i < units->len; i++)
		if (!g_ptr_array_find(all->units, g_ptr_array_index(units, i), NULL))
			g_ptr_array_add(all->units, g_ptr_array_index(units, i));
}

/* A change for a header of too wide a reach is refused when a few of the units that may see it were
 * looked at: if they say that a type changed, that is the better reason. */
static void refuse_later(struct renewal *renewal, const struct change *change, const char *path,
			 const struct touched *touched, struct touched *all)
{
	struct wide wide = {change, g_error_copy(g_ptr_array_index(touched->refusals, 0))};
	g_autoptr(GPtrArray) samples = renewal_samples(renewal, path, touched->seen);

	g_array_append_val(renewal->wide, wide);
	add_units(all, samples);
}

/* A file that can't be made live as a whole: by the fault of which of its changes?  The units that
 * the others lead to are found by the way. */
static gboolean refuse_file(struct renewal *renewal, const char *path, struct touched *all,
			    GError **error)
{
	g_autoptr(GPtrArray) changes = g_ptr_array_new();

	selection_add_of_file(renewal->selection, path, changes);
	for (guint i = 0; i < changes->len; i++) {
		const struct change *change = g_ptr_array_index(changes, i);
		AUTO(touched) alone = NULL;
		const struct touched *touched = all;

		if (changes->len > 1) {
			if (!touched_alone(renewal, change, path, &alone, error))
				return FALSE;
			if (!alone)
				continue;
			touched = alone;
			add_units(all, alone->units);
		}
		if (touched->seen->len)
			refuse_later(renewal, change, path, touched, all);
		else if (touched->refusals->len)
			renewal_refuse(renewal, change, g_ptr_array_index(touched->refusals, 0));
	}
	return TRUE;
}

static gboolean reach_file(struct renewal *renewal, struct toucher *toucher,
			   const struct patched_file *file, GError **error)
{
	struct touched *touched = toucher_file(toucher, file, error);

	if (!touched)
		return FALSE;
	g_hash_table_insert(renewal->reach, g_strdup(file->path), touched);
	return !touched->refusals->len || refuse_file(renewal, file->path, touched, error);
}

static void reach_unit(struct renewal *renewal, const struct unit *unit, const char *path)
{
	struct reached *reached = g_hash_table_lookup(renewal->by_unit, unit);

	if (!reached) {
		g_autofree char *objects = g_build_filename(renewal->directory, "objects", NULL);

		reached = g_new0(struct reached, 1);
		reached->unit = unit;
		reached->compiled = compiled_new(unit, objects, 0, FALSE);
		reached->files = g_ptr_array_new();
		reached->refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
		reached->notes = g_ptr_array_new_with_free_func(g_free);
		reached->alone =
			g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_hash_table_unref);
		g_hash_table_insert(renewal->by_unit, (gpointer)unit, reached);
	}
	g_ptr_array_add(reached->files, (gpointer)path);
}

/* ---- the objects that are asked for ---- */

static gboolean is_wanted_object(const struct renewal *renewal, const char *object)
{
	return g_strv_contains(renewal->request->objects, object);
}

/* Whether a file is compiled into one of the objects that are asked for. */
static gboolean is_in_wanted(const struct renewal *renewal, const char *path)
{
	g_autoptr(GPtrArray) objects = renewal->built->objects(renewal->built, path);

	for (guint i = 0; i < objects->len; i++)
		if (is_wanted_object(renewal, g_ptr_array_index(objects, i)))
			return TRUE;
	return FALSE;
}

/* Whether one of those may include it. */
static gboolean may_be_in_wanted(const struct renewal *renewal, const char *path)
{
	GHashTable *includers = renewal->built->includers(renewal->built, path);
	GHashTableIter iter;
	gpointer includer;

	g_hash_table_iter_init(&iter, includers);
	while (g_hash_table_iter_next(&iter, &includer, NULL))
		if (is_in_wanted(renewal, includer))
			return TRUE;
	return FALSE;
}

typedef gboolean file_test(const struct renewal *renewal, const char *path);

static gboolean any_file(const struct renewal *renewal, const struct change *change,
			 file_test *test)
{
	for (guint i = 0; i < change->files->len; i++)
		if (test(renewal,
			 ((const struct changed_file *)g_ptr_array_index(change->files, i))->path))
			return TRUE;
	return FALSE;
}

/* Whether a file is compiled into any object: one that is not is a header. */
static gboolean is_in_any(const struct renewal *renewal, const char *path)
{
	g_autoptr(GPtrArray) objects = renewal->built->objects(renewal->built, path);

	return objects->len > 0;
}

/* Whether a file is to be left out, by its path or with an object that it is compiled into. */
static gboolean is_left_out(const struct renewal *renewal, const char *path)
{
	g_autoptr(GPtrArray) objects = renewal->built->objects(renewal->built, path);
	gboolean out = g_strv_contains(renewal->request->without, path);

	for (guint i = 0; i < objects->len && !out; i++)
		out = g_strv_contains(renewal->request->without, g_ptr_array_index(objects, i));
	return out;
}

/* A change is asked for if one of its files is compiled into a wanted object, or if it is one of
 * headers alone, for as long as a wanted object may see it; none of them is to be left out. */
gboolean renewal_is_asked(const struct renewal *renewal, const struct change *change)
{
	if (any_file(renewal, change, is_left_out))
		return FALSE;
	if (!renewal->request->objects || any_file(renewal, change, is_in_wanted))
		return TRUE;
	return !any_file(renewal, change, is_in_any) && any_file(renewal, change, may_be_in_wanted);
}

/* Whether a file leads to a unit of a wanted object. */
static gboolean leads_to_wanted(const struct renewal *renewal, const char *path)
{
	const struct touched *touched = g_hash_table_lookup(renewal->reach, path);

	for (guint i = 0; touched && i < touched->units->len; i++)
		if (is_wanted_object(renewal,
				     ((const struct unit *)touched->units->pdata[i])->object))
			return TRUE;
	return FALSE;
}

/* Now that it is known what headers lead to: those that lead elsewhere are not asked for. */
static void leave_others(struct renewal *renewal)
{
	const GPtrArray *all = renewal->result->changes->all;

	for (guint i = 0; renewal->request->objects && i < all->len; i++) {
		const struct change *change = g_ptr_array_index(all, i);

		if (selection_asked(renewal->selection, change) &&
		    !any_file(renewal, change, is_in_wanted) &&
		    !any_file(renewal, change, leads_to_wanted))
			selection_leave(renewal->selection, change);
	}
}

/* Once, for all that is asked for: what some of it reaches is no more than that. */
static gboolean find_reach(struct renewal *renewal, GError **error)
{
	const GPtrArray *files = renewal->overlay->files, *all = commands_units(renewal->commands);
	AUTO(toucher) toucher = toucher_new(renewal->kernel, renewal->commands, renewal->overlay);
	GHashTableIter iter;
	gpointer path, touched;

	renewal_begin_stage(renewal, "reach");
	for (guint i = 0; i < files->len; i++) {
		progress_report(renewal->progress, "following what changed to the units",
				(double)i / files->len);
		if (!reach_file(renewal, toucher, g_ptr_array_index(files, i), error))
			return FALSE;
	}
	g_hash_table_iter_init(&iter, renewal->reach);
	while (g_hash_table_iter_next(&iter, &path, &touched))
		for (guint i = 0; i < ((struct touched *)touched)->units->len; i++)
			reach_unit(renewal, ((struct touched *)touched)->units->pdata[i], path);
	for (guint i = 0; i < all->len; i++) {
		struct reached *reached =
			g_hash_table_lookup(renewal->by_unit, g_ptr_array_index(all, i));
		g_autofree char *objects = g_build_filename(renewal->directory, "objects", NULL);

		if (!reached)
			continue;
		/* The number is that of the database: the same in each run, whatever is asked. */
		compiled_free(reached->compiled);
		reached->compiled = compiled_new(reached->unit, objects, i, FALSE);
		g_ptr_array_add(renewal->reached, reached);
	}
	renewal_tell(renewal, "%u files lead to %u units", files->len, renewal->reached->len);
	leave_others(renewal);
	return TRUE;
}

/* The first judge: what no unit has to be compiled for. */
gboolean renewal_judge_files(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;

	if (!renewal_renew_overlay(renewal, error))
		return FALSE;
	return g_hash_table_size(renewal->reach) || find_reach(renewal, error);
}

/* The third judge: headers of too wide a reach, when a few units found nothing worse. */
gboolean renewal_judge_reach(struct selection *selection, gpointer data, GError **error)
{
	struct renewal *renewal = data;

	for (guint i = 0; i < renewal->wide->len; i++) {
		const struct wide *wide = &g_array_index(renewal->wide, struct wide, i);

		if (selection_has(selection, wide->change))
			renewal_refuse(renewal, wide->change, wide->refusal);
	}
	return TRUE;
}
