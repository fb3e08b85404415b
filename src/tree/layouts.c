/*
 * The words of all files are counted first: a member that is new may be used in any.  Then it is
 * known which new members can become shadow variables, and then the files are written.
 */
#include "tree/layouts.h"

#include <string.h>

#include "base/files.h"
#include "tree/lines.h"
#include "tree/members.h"
#include "tree/shadows.h"

/* A patched file. */
struct layouts_file {
	GHashTable *words;  /* of its new lines -> how often they are there */
	GPtrArray *notes;   /* of char *, owned */
	GPtrArray *shadows; /* of struct shadow, owned: those of its structs */
};

/* One that is looked at. */
struct pair {
	const char *path;
	struct layouts_file *file;
	GBytes *original, *patched;
	GArray *runs;
	struct changed_text texts;
};

static void pair_free(struct pair *pair)
{
	g_clear_pointer(&pair->original, g_bytes_unref);
	g_clear_pointer(&pair->patched, g_bytes_unref);
	g_clear_pointer(&pair->runs, g_array_unref);
	g_free(pair);
}
DEFINE_AUTO(pair, pair_free)

static void file_free(gpointer at)
{
	struct layouts_file *file = at;

	g_hash_table_unref(file->words);
	g_ptr_array_unref(file->notes);
	g_ptr_array_unref(file->shadows);
	g_free(file);
}

struct layouts *layouts_new(void)
{
	struct layouts *layouts = g_new0(struct layouts, 1);

	layouts->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
	return layouts;
}

void layouts_free(struct layouts *layouts)
{
	g_hash_table_unref(layouts->files);
	g_free(layouts);
}

void layouts_forget(struct layouts *layouts, const char *path)
{
	g_hash_table_remove(layouts->files, path);
}

static struct layouts_file *file_of(struct layouts *layouts, const char *path)
{
	struct layouts_file *file = g_new0(struct layouts_file, 1);

	file->words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	file->notes = g_ptr_array_new_with_free_func(g_free);
	file->shadows = g_ptr_array_new_with_free_func((GDestroyNotify)shadow_free);
	g_hash_table_replace(layouts->files, g_strdup(path), file);
	return file;
}

static gboolean is_file(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

/* A file that is new has an empty original. */
static struct pair *read_pair(const char *original, const char *patched, GError **error)
{
	gboolean was = is_file(original);
	AUTO(pair) pair = g_new0(struct pair, 1);

	pair->runs = lines_compare(was ? original : "/dev/null", patched, FALSE, error);
	if (!pair->runs)
		return NULL;
	pair->original = was ? files_map(original, error) : g_bytes_new_static("", 0);
	pair->patched = pair->original ? files_map(patched, error) : NULL;
	if (!pair->patched)
		return NULL;
	pair->texts.original = g_bytes_get_data(pair->original, &pair->texts.original_size);
	pair->texts.patched = g_bytes_get_data(pair->patched, &pair->texts.patched_size);
	pair->texts.runs = pair->runs;
	return g_steal_pointer(&pair);
}

/* Those of some files that are C and still there, their words counted; NULL on error. */
static GPtrArray *read_pairs(struct layouts *layouts, const char *source, const char *root,
			     GHashTable *paths, GError **error)
{
	g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func((GDestroyNotify)pair_free);
	GHashTableIter iter;
	gpointer path;

	g_hash_table_iter_init(&iter, paths);
	while (g_hash_table_iter_next(&iter, &path, NULL)) {
		g_autofree char *original = g_build_filename(source, path, NULL);
		g_autofree char *patched = g_build_filename(root, path, NULL);

		if (!lines_are_of_c(path) || !is_file(patched))
			continue;
		struct pair *pair = read_pair(original, patched, error);
		if (!pair)
			return NULL;
		g_ptr_array_add(pairs, pair);
		pair->path = pair->texts.path = path;
		pair->file = file_of(layouts, path);
		members_count_words(&pair->texts, pair->file->words);
	}
	return g_steal_pointer(&pairs);
}

/* How often words stand in the new lines of all files: borrowed char * to number. */
static GHashTable *all_words(const struct layouts *layouts)
{
	GHashTable *words = g_hash_table_new(g_str_hash, g_str_equal);
	GHashTableIter files, iter;
	gpointer file, word, count;

	g_hash_table_iter_init(&files, layouts->files);
	while (g_hash_table_iter_next(&files, NULL, &file)) {
		g_hash_table_iter_init(&iter, ((struct layouts_file *)file)->words);
		while (g_hash_table_iter_next(&iter, &word, &count)) {
			guint others = GPOINTER_TO_UINT(g_hash_table_lookup(words, word));

			g_hash_table_insert(words, word,
					    GUINT_TO_POINTER(others + GPOINTER_TO_UINT(count)));
		}
	}
	return words;
}

/* Whether another new member has the same name, and may be what a file (NULL: any) uses. */
static gboolean is_another(const GPtrArray *shadows, const struct shadow *shadow,
			   const struct pair *pair)
{
	for (guint i = 0; i < shadows->len; i++) {
		const struct shadow *other = g_ptr_array_index(shadows, i);

		if (other != shadow && !strcmp(other->member, shadow->member) &&
		    (!pair || shadows_concern(other, &pair->texts)))
			return TRUE;
	}
	return FALSE;
}

/* Whether no file does more with a member than a shadow variable is good for, and none uses what
 * may be this member or one that is not known. */
static gboolean is_simple(const GPtrArray *pairs, const GPtrArray *shadows,
			  const struct shadow *shadow)
{
	for (guint i = 0; i < pairs->len; i++) {
		const struct pair *pair = g_ptr_array_index(pairs, i);

		if (shadows_concern(shadow, &pair->texts)
			    ? !shadows_are_simple(shadow, &pair->texts)
			    : shadows_begin(shadow, &pair->texts) &&
				      !is_another(shadows, shadow, pair))
			return FALSE;
	}
	return TRUE;
}

static gboolean is_unique(const GPtrArray *pairs, const GPtrArray *shadows,
			  const struct shadow *shadow)
{
	for (guint i = 0; i < pairs->len; i++)
		if (shadows_know(shadow, &((const struct pair *)pairs->pdata[i])->texts))
			return FALSE;
	return !is_another(shadows, shadow, NULL);
}

static void find_shadows(const struct pair *pair, GHashTable *words)
{
	if (!shadows_may_be_new(pair->file->words))
		return;
	g_ptr_array_unref(pair->file->shadows);
	pair->file->shadows = members_find_shadows(&pair->texts, words);
}

/* A struct that must get one of its new members gets all of them. */
static gboolean must_be(const GPtrArray *shadows, const struct shadow *shadow)
{
	for (guint i = 0; i < shadows->len; i++) {
		const struct shadow *other = g_ptr_array_index(shadows, i);

		if (other->must_be && !strcmp(other->structure, shadow->structure))
			return TRUE;
	}
	return FALSE;
}

/* Those of all files, borrowed: all that were found, or those that become shadow variables. */
static GPtrArray *all_shadows(const struct layouts *layouts, gboolean found)
{
	GPtrArray *shadows = g_ptr_array_new();
	GHashTableIter iter;
	gpointer file;

	g_hash_table_iter_init(&iter, layouts->files);
	while (g_hash_table_iter_next(&iter, NULL, &file)) {
		const GPtrArray *own = ((struct layouts_file *)file)->shadows;

		for (guint i = 0; i < own->len; i++)
			if (found || !must_be(own, g_ptr_array_index(own, i)))
				g_ptr_array_add(shadows, g_ptr_array_index(own, i));
	}
	return shadows;
}

static void judge_shadows(const GPtrArray *pairs, const GPtrArray *shadows)
{
	for (guint i = 0; i < shadows->len; i++) {
		struct shadow *shadow = g_ptr_array_index(shadows, i);

		shadow->unique = is_unique(pairs, shadows, shadow);
	}
	for (guint i = 0; i < shadows->len; i++) {
		struct shadow *shadow = g_ptr_array_index(shadows, i);

		shadow->must_be = shadow->must_be || !is_simple(pairs, shadows, shadow);
	}
}

static gboolean keep(const struct pair *pair, const char *root, GHashTable *words,
		     const GPtrArray *shadows, GError **error)
{
	gsize size;
	g_autofree char *text =
		members_keep(&pair->texts, words, shadows, pair->file->notes, &size);
	g_autofree char *path = g_build_filename(root, pair->path, NULL);

	/* What is there, and mapped, is not made shorter: another file takes its place. */
	return !text || files_write(path, text, size, error);
}

static gboolean keep_all(const struct layouts *layouts, const GPtrArray *pairs, const char *root,
			 GError **error)
{
	g_autoptr(GHashTable) words = all_words(layouts);
	g_autoptr(GPtrArray) found = NULL;
	g_autoptr(GPtrArray) shadows = NULL;

	for (guint i = 0; i < pairs->len; i++)
		find_shadows(g_ptr_array_index(pairs, i), words);
	found = all_shadows(layouts, TRUE);
	judge_shadows(pairs, found);
	shadows = all_shadows(layouts, FALSE);
	for (guint i = 0; i < pairs->len; i++)
		if (!keep(g_ptr_array_index(pairs, i), root, words, shadows, error))
			return FALSE;
	return TRUE;
}

gboolean layouts_keep(struct layouts *layouts, const char *source, const char *patched,
		      GHashTable *paths, GError **error)
{
	g_autoptr(GPtrArray) pairs = read_pairs(layouts, source, patched, paths, error);

	return pairs && keep_all(layouts, pairs, patched, error);
}

GPtrArray *layouts_notes(const struct layouts *layouts)
{
	GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GList) paths = g_hash_table_get_keys(layouts->files);

	paths = g_list_sort(paths, (GCompareFunc)strcmp);
	for (GList *at = paths; at; at = at->next) {
		const struct layouts_file *file = g_hash_table_lookup(layouts->files, at->data);

		for (guint i = 0; i < file->notes->len; i++)
			g_ptr_array_add(notes, g_strdup_printf("%s: %s", (char *)at->data,
							       (char *)file->notes->pdata[i]));
	}
	return notes;
}
