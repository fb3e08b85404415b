/*
 * Words reach as far as what they name can be seen: within its file, where a header is included,
 * or everywhere.
 */
#include "release/tying.h"

#include <string.h>

#include "base/files.h"

/* --- union-find ------------------------------------------------------------------------------ */

guint tying_find(struct ties *ties, guint part)
{
	while (ties->change[part] != part) {
		ties->change[part] = ties->change[ties->change[part]];
		part = ties->change[part];
	}
	return part;
}

void tying_join(struct tying *tying, guint one, guint other, const char *form, const char *word)
{
	guint a = tying_find(tying->ties, one), b = tying_find(tying->ties, other);
	struct tie tie = {one, other, NULL};

	if (a == b)
		return;
	tying->ties->change[MAX(a, b)] = MIN(a, b);
	tie.why = g_strdup_printf(form, word);
	g_array_append_val(tying->ties->joined, tie);
}

/* --- where words reach ------------------------------------------------------------------------ */

static guint count_word(const char *text, gsize size, const char *word)
{
	const char *at = text, *end = text + size;
	gsize length = strlen(word);
	guint count = 0;

	while ((at = memmem(at, end - at, word, length))) {
		const char *behind = at + length;

		if ((at == text || !(g_ascii_isalnum(at[-1]) || at[-1] == '_')) &&
		    (behind == end || !(g_ascii_isalnum(*behind) || *behind == '_')))
			count++;
		at = behind;
	}
	return count;
}

guint tying_mentions(const struct tying *tying, const char *path, const char *word)
{
	g_autofree char *key = g_strdup_printf("%s %s", path, word);
	gpointer known = g_hash_table_lookup(tying->mentions, key);
	guint count = 0;

	if (!known) {
		g_autofree char *file = g_build_filename(tying->patched_tree, path, NULL);
		g_autoptr(GBytes) bytes = NULL;
		gsize size;

		if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
			bytes = files_map(file, NULL);
		if (bytes) {
			const char *text = g_bytes_get_data(bytes, &size);
			count = count_word(text, size, word);
		}
		known = GUINT_TO_POINTER(count + 1);
		g_hash_table_insert(tying->mentions, g_steal_pointer(&key), known);
	}
	return GPOINTER_TO_UINT(known) - 1;
}

/* Whether a file may see a header that is new: the kernel's index does not know it. */
static gboolean sees_new(const struct tying *tying, const struct changed_file *header,
			 const struct changed_file *user)
{
	const char *slash = strrchr(header->path, '/');
	const char *name = slash ? slash + 1 : header->path;

	if (!g_str_has_suffix(name, ".h"))
		return FALSE;
	if (tying_mentions(tying, user->path, name))
		return TRUE;
	for (guint i = 0; i < tying->parts->len; i++) {
		const struct part *part = tying_part(tying, i);

		for (guint j = 0; j < part->includes->len; j++)
			if (g_str_has_suffix(g_ptr_array_index(part->includes, j), name) &&
			    g_hash_table_contains(
				    tying->built->includers(tying->built, part->file->path),
				    user->path))
				return TRUE;
	}
	return FALSE;
}

gboolean tying_reaches(const struct tying *tying, const struct posting *from,
		       const struct posting *to)
{
	const struct changed_file *file = tying_part(tying, from->part)->file;
	const struct changed_file *user = tying_part(tying, to->part)->file;

	if (file == user || from->use->flags & USE_GLOBAL)
		return TRUE;
	if (file->change == PATCHED_ADDED)
		return sees_new(tying, file, user);
	/* What a new file includes is not known either. */
	if (user->change == PATCHED_ADDED)
		return g_str_has_suffix(file->path, ".h");
	return g_hash_table_contains(tying->built->includers(tying->built, file->path), user->path);
}

static GPtrArray *objects_of(const struct tying *tying, const struct changed_file *file)
{
	GPtrArray *objects = g_hash_table_lookup(tying->objects, file);

	if (!objects) {
		objects = tying->built->objects(tying->built, file->path);
		g_hash_table_insert(tying->objects, (gpointer)file, objects);
	}
	return objects;
}

gboolean tying_same_file(const struct tying *tying, guint one, guint other)
{
	return tying_part(tying, one)->file == tying_part(tying, other)->file;
}

static gboolean same_directory(const char *one, const char *other)
{
	const char *slash = strrchr(one, '/'), *other_slash = strrchr(other, '/');
	gsize length = slash ? slash - one : 0,
	      other_length = other_slash ? other_slash - other : 0;

	return length == other_length && !memcmp(one, other, length);
}

gboolean tying_are_near(const struct tying *tying, guint one, guint other)
{
	const struct changed_file *file = tying_part(tying, one)->file;
	const struct changed_file *other_file = tying_part(tying, other)->file;

	if (file == other_file || same_directory(file->path, other_file->path))
		return TRUE;
	const GPtrArray *objects = objects_of(tying, file);
	const GPtrArray *others = objects_of(tying, other_file);
	for (guint i = 0; i < objects->len; i++) {
		const char *object = g_ptr_array_index(objects, i);

		if (strcmp(object, "vmlinux") &&
		    g_ptr_array_find_with_equal_func((GPtrArray *)others, object, g_str_equal,
						     NULL))
			return TRUE;
	}
	return FALSE;
}

/* --- what becomes of a name ---------------------------------------------------------------- */

enum fate use_fate(const struct use *use)
{
	if (!use->undefined)
		return FATE_ADDED;
	return use->defined ? FATE_CHANGED : FATE_REMOVED;
}

gboolean use_defines(const struct use *use)
{
	return use->defined || use->undefined;
}

gboolean use_follows(const struct use *use, enum fate fate)
{
	if (use_defines(use))
		return TRUE;
	if (fate == FATE_ADDED)
		return use->added > use->removed;
	if (fate == FATE_REMOVED)
		return use->removed > use->added;
	return use->added || use->removed;
}

/* --- begin and end --------------------------------------------------------------------------- */

static void sort_words(struct tying *tying)
{
	tying->postings = g_new0(GArray *, tying->words->texts->len + 1);
	for (guint i = 0; i < tying->parts->len; i++) {
		const struct part *part = tying_part(tying, i);

		for (guint j = 0; j < part->uses->len; j++) {
			struct posting posting = {i, &g_array_index(part->uses, struct use, j)};
			GArray **postings = &tying->postings[posting.use->word];

			if (!*postings)
				*postings = g_array_new(FALSE, FALSE, sizeof(struct posting));
			g_array_append_val(*postings, posting);
		}
	}
}

void tying_begin(struct tying *tying)
{
	tying->objects = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
	tying->mentions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	tying->everyday = g_hash_table_new(NULL, NULL);
	sort_words(tying);
}

void tying_clear(struct tying *tying)
{
	for (guint word = 0; word < tying->words->texts->len; word++)
		if (tying->postings[word])
			g_array_unref(tying->postings[word]);
	g_free(tying->postings);
	g_hash_table_unref(tying->objects);
	g_hash_table_unref(tying->mentions);
	g_hash_table_unref(tying->everyday);
}
