/*
 * Both trees are walked together, in order of names.  Files of one size are compared whole: times
 * say nothing, as both trees were unpacked.
 */
#include "release/trees.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "release/changes.h"

struct walk {
	const char *roots[2]; /* original, patched */
	GPtrArray *files;
	struct progress *progress;
};

enum kind { KIND_NONE, KIND_FILE, KIND_DIRECTORY };

struct place {
	char *path;
	enum kind kind;
	goffset size;
};

static void place_clear(struct place *place)
{
	g_free(place->path);
}
#define AUTO_PLACE __attribute__((cleanup(place_clear))) struct place

static void look(const struct walk *walk, gsize side, const char *path, struct place *place)
{
	struct stat status;

	place->path = g_build_filename(walk->roots[side], path, NULL);
	place->kind = KIND_NONE;
	if (lstat(place->path, &status))
		return;
	place->size = status.st_size;
	if (S_ISDIR(status.st_mode))
		place->kind = KIND_DIRECTORY;
	else if (S_ISREG(status.st_mode))
		place->kind = KIND_FILE;
}

static void add(const struct walk *walk, const char *path, enum patched_change change)
{
	struct changed_file *file = g_new0(struct changed_file, 1);

	file->path = g_strdup(path);
	file->change = change;
	g_ptr_array_add(walk->files, file);
}

static void changed_file_free(struct changed_file *file)
{
	g_free(file->path);
	g_free(file);
}

static gboolean compare_files(const struct walk *walk, const char *path,
			      const struct place *original, const struct place *patched,
			      GError **error)
{
	g_autoptr(GBytes) before = NULL;
	g_autoptr(GBytes) after = NULL;

	if (original->size != patched->size) {
		add(walk, path, PATCHED_MODIFIED);
		return TRUE;
	}
	before = files_map(original->path, error);
	if (before)
		after = files_map(patched->path, error);
	if (!after)
		return FALSE;
	if (!g_bytes_equal(before, after))
		add(walk, path, PATCHED_MODIFIED);
	return TRUE;
}

/* Adds the names in a directory to a set. */
static gboolean list(const char *directory, GHashTable *names, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDir) listing = g_dir_open(directory, 0, &cause);
	const char *name;

	if (!listing) {
		klatch_adopt(error, KLATCH_ENVIRONMENT, "the source can't be read", directory, NULL,
			     g_steal_pointer(&cause));
		return FALSE;
	}
	while ((name = g_dir_read_name(listing)))
		g_hash_table_add(names, g_strdup(name));
	return TRUE;
}

static gboolean walk_directory(const struct walk *walk, const char *path, GError **error);

/* What has one name in either tree.  One that is a file here and a directory there is gone and
 * new. */
static gboolean walk_name(const struct walk *walk, const char *path, GError **error)
{
	AUTO_PLACE original = {0};
	AUTO_PLACE patched = {0};

	look(walk, 0, path, &original);
	look(walk, 1, path, &patched);
	if (original.kind == KIND_FILE && patched.kind == KIND_FILE)
		return compare_files(walk, path, &original, &patched, error);
	if (original.kind == KIND_FILE)
		add(walk, path, PATCHED_DELETED);
	if (patched.kind == KIND_FILE)
		add(walk, path, PATCHED_ADDED);
	if (original.kind == KIND_DIRECTORY || patched.kind == KIND_DIRECTORY)
		return walk_directory(walk, path, error);
	return TRUE;
}

static gboolean walk_directory(const struct walk *walk, const char *path, GError **error)
{
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GList) sorted = NULL;
	guint done = 0, count;

	for (gsize side = 0; side < G_N_ELEMENTS(walk->roots); side++) {
		AUTO_PLACE place = {0};

		look(walk, side, path, &place);
		if ((place.kind == KIND_DIRECTORY || !*path) && !list(place.path, names, error))
			return FALSE;
	}
	count = g_hash_table_size(names);
	sorted = g_list_sort(g_hash_table_get_keys(names), (GCompareFunc)strcmp);
	for (GList *name = sorted; name; name = name->next) {
		g_autofree char *below = g_build_filename(path, name->data, NULL);

		if (!*path)
			progress_report(walk->progress, "comparing the sources",
					(double)done++ / count);
		if (!walk_name(walk, *path ? below : name->data, error))
			return FALSE;
	}
	return TRUE;
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
	const struct changed_file *const *one = a, *const *other = b;

	return strcmp((*one)->path, (*other)->path);
}

GPtrArray *trees_compare(const char *original, const char *patched, struct progress *progress,
			 GError **error)
{
	g_autoptr(GPtrArray) files =
		g_ptr_array_new_with_free_func((GDestroyNotify)changed_file_free);
	struct walk walk = {{original, patched}, files, progress};

	if (!walk_directory(&walk, "", error))
		return NULL;
	g_ptr_array_sort(files, compare_paths);
	return g_steal_pointer(&files);
}
