/*
 * From two trees to changes: which files differ, which of them count.
 */
#include "release/changes.h"

#include <string.h>

#include "release/parts.h"
#include "release/rules.h"
#include "release/ties.h"
#include "release/trees.h"
#include "release/words.h"

static gboolean is_source(const char *path)
{
	gsize length = strlen(path);

	return length > 2 && path[length - 2] == '.' && strchr("chS", path[length - 1]);
}

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

/* --- parts to changes ------------------------------------------------------------------------ */

struct splitting {
	struct changes *changes;
	struct built *built;
	struct progress *progress;
	struct words *words;
	GPtrArray *parts;   /* of struct part *, owned, by file and line */
	guint *frequencies; /* by word: how many files of the original tree have it */
};

/* What may be part of a change: what is built, and what may have to do with that. */
static gboolean may_count(const struct changed_file *file)
{
	return file->built || rules_is(file->path) ||
	       (file->change == PATCHED_ADDED && is_source(file->path));
}

static gboolean read_file(struct splitting *splitting, const struct changed_file *file,
			  GError **error)
{
	g_autoptr(GPtrArray) parts = parts_of(file, splitting->changes->original,
					      splitting->changes->patched, splitting->words, error);

	if (!parts)
		return FALSE;
	g_ptr_array_extend_and_steal(splitting->parts, g_steal_pointer(&parts));
	return TRUE;
}

static gboolean read_files(struct splitting *splitting, GError **error)
{
	const GPtrArray *files = splitting->changes->files;

	for (guint i = 0; i < files->len; i++) {
		struct changed_file *file = g_ptr_array_index(files, i);

		progress_report(splitting->progress, "splitting the difference",
				(double)i / files->len);
		file->built = splitting->built->holds(splitting->built, file->path);
		if (may_count(file) && !read_file(splitting, file, error))
			return FALSE;
	}
	return TRUE;
}

static struct hunk *hunk_of(const struct part *part)
{
	struct hunk *hunk = g_new0(struct hunk, 1);

	hunk->file = part->file;
	hunk->original_line = part->original_start + 1;
	hunk->original_count = part->original_count;
	hunk->patched_line = part->patched_start + 1;
	hunk->patched_count = part->patched_count;
	hunk->scope = g_strdup(part->scope);
	hunk->idle = part->idle;
	return hunk;
}

static const struct part *part_at(const struct splitting *splitting, guint i)
{
	return g_ptr_array_index(splitting->parts, i);
}

/* Which changes, by the part that stands for them, have something that is built. */
static gboolean *find_built(const struct splitting *splitting, const struct ties *ties)
{
	gboolean *built = g_new0(gboolean, splitting->parts->len + 1);

	for (guint i = 0; i < splitting->parts->len; i++)
		built[ties->change[i]] |= part_at(splitting, i)->file->built;
	return built;
}

static void note_obstacle(const struct splitting *splitting, struct change *change,
			  const struct part *part)
{
	const struct changed_file *file = part->file;
	gboolean source = g_str_has_suffix(file->path, ".c") || g_str_has_suffix(file->path, ".S");

	if (change->obstacle)
		return;
	if (rules_is(file->path))
		change->obstacle = g_strdup_printf("%s: it changes what is built", file->path);
	else if (source && file->change == PATCHED_ADDED)
		change->obstacle = g_strdup_printf("%s: it is new to the build", file->path);
	else if (source && file->change == PATCHED_DELETED)
		change->obstacle = g_strdup_printf("%s: it is built no more", file->path);
	else if (part->begins &&
		 (part->member == G_MAXUINT || splitting->frequencies[part->member]))
		change->obstacle = g_strdup_printf("%s: %s", file->path, part->begins);
}

static void add_part(const struct splitting *splitting, struct change *change,
		     const struct part *part)
{
	change->idle = part->idle && (change->idle || !change->hunks->len);
	g_ptr_array_add(change->hunks, hunk_of(part));
	if (!change->files->len ||
	    g_ptr_array_index(change->files, change->files->len - 1) != part->file)
		g_ptr_array_add(change->files, (gpointer)part->file);
	note_obstacle(splitting, change, part);
}

static char *tie_text(const struct splitting *splitting, const struct tie *tie)
{
	const struct part *one = part_at(splitting, tie->one);
	const struct part *other = part_at(splitting, tie->other);

	return g_strdup_printf("%s:%u and %s:%u: %s", one->file->path, one->patched_start + 1,
			       other->file->path, other->patched_start + 1, tie->why);
}

static void make_changes(const struct splitting *splitting, const struct ties *ties)
{
	g_autofree gboolean *built = find_built(splitting, ties);
	g_autofree struct change **made = g_new0(struct change *, splitting->parts->len + 1);
	GPtrArray *all = splitting->changes->all;

	for (guint i = 0; i < splitting->parts->len; i++) {
		guint number = ties->change[i];

		if (!built[number])
			continue;
		if (!made[number]) {
			made[number] = change_new(all->len + 1);
			g_ptr_array_add(all, made[number]);
		}
		add_part(splitting, made[number], part_at(splitting, i));
	}
	for (guint i = 0; i < ties->joined->len; i++) {
		const struct tie *tie = &g_array_index(ties->joined, struct tie, i);
		struct change *change = made[ties->change[tie->one]];

		if (change)
			g_ptr_array_add(change->ties, tie_text(splitting, tie));
	}
}

static void list_unbuilt(struct changes *changes)
{
	g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < changes->all->len; i++) {
		const struct change *change = g_ptr_array_index(changes->all, i);

		for (guint j = 0; j < change->files->len; j++)
			g_hash_table_add(used, g_ptr_array_index(change->files, j));
	}
	for (guint i = 0; i < changes->files->len; i++)
		if (!g_hash_table_contains(used, g_ptr_array_index(changes->files, i)))
			g_ptr_array_add(changes->unbuilt, g_ptr_array_index(changes->files, i));
}

static gboolean split(struct splitting *splitting, GError **error)
{
	const struct changes *changes = splitting->changes;
	g_autofree guint *frequencies = NULL;

	if (!read_files(splitting, error))
		return FALSE;
	progress_report(splitting->progress, "counting words", -1);
	frequencies = splitting->frequencies =
		words_frequencies(splitting->words, changes->original);
	AUTO(ties)
	ties = ties_find(splitting->parts, splitting->words, frequencies, changes->patched,
			 splitting->built);
	make_changes(splitting, ties);
	list_unbuilt(splitting->changes);
	return TRUE;
}

struct changes *changes_between(const char *original, const char *patched, struct built *built,
				struct progress *progress, GError **error)
{
	AUTO(changes) changes = g_new0(struct changes, 1);
	AUTO(words) words = words_new();
	g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func((GDestroyNotify)part_free);
	struct splitting splitting = {changes, built, progress, words, parts, NULL};

	changes->original = g_strdup(original);
	changes->patched = g_strdup(patched);
	changes->all = g_ptr_array_new_with_free_func((GDestroyNotify)change_free);
	changes->unbuilt = g_ptr_array_new();
	changes->files = trees_compare(original, patched, progress, error);
	if (!changes->files || !split(&splitting, error))
		return NULL;
	return g_steal_pointer(&changes);
}
