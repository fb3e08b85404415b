/*
 * Ties of what stands in one file: what is included, conditionals, what is taken and given back,
 * counted, or idle.
 */
#include "release/tying.h"

#include <string.h>

#include "base/files.h"
#include "tree/statements.h"

/* --- directives ------------------------------------------------------------------------------- */

static void collect_name(const struct statement *statement, gpointer data)
{
	for (guint i = 0; i < statement->count; i++)
		if (statement->tokens[i].flags & TOKEN_NAMED)
			g_hash_table_add(data, g_strndup(statement->tokens[i].at,
							 statement->tokens[i].length));
}

/* The names that a header defines itself; NULL if it is not found in the patched tree. */
static GHashTable *header_names(const struct tying *tying, const char *from, const char *name)
{
	g_autofree char *directory = g_path_get_dirname(from);
	g_autofree char *beside = g_build_filename(tying->patched_tree, directory, name, NULL);
	g_autofree char *common = g_build_filename(tying->patched_tree, "include", name, NULL);
	const char *const paths[] = {beside, common};

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autoptr(GBytes) bytes = NULL;
		GHashTable *names;
		gsize size;

		if (!g_file_test(paths[i], G_FILE_TEST_IS_REGULAR))
			continue;
		bytes = files_map(paths[i], NULL);
		if (!bytes)
			return NULL;
		names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		const char *text = g_bytes_get_data(bytes, &size);
		if (size)
			statements_read(text, size, collect_name, names);
		return names;
	}
	return NULL;
}

static gboolean uses_any(const struct tying *tying, const struct part *part, GHashTable *names,
			 enum fate fate)
{
	for (guint i = 0; i < part->uses->len; i++) {
		const struct use *use = &g_array_index(part->uses, struct use, i);

		if (!use_defines(use) && use_follows(use, fate) &&
		    g_hash_table_contains(names, words_text(tying->words, use->word)))
			return TRUE;
	}
	return FALSE;
}

/* Who of the file's other parts needs an #include: those with names of the header; if there are
 * none such, whatever the header is for it may be any. */
static void tie_include(struct tying *tying, guint part, guint first, guint end,
			const char *include)
{
	g_autoptr(GHashTable) names = header_names(tying, tying_path(tying, part), include + 1);
	enum fate fate = *include == '+' ? FATE_ADDED : FATE_REMOVED;
	gboolean any = FALSE;

	for (guint i = first; i < end && names; i++) {
		if (i == part || !uses_any(tying, tying_part(tying, i), names, fate))
			continue;
		any = TRUE;
		tying_join(tying, part, i, "one includes %s for the other", include + 1);
	}
	for (guint i = first; i < end && !any; i++)
		tying_join(tying, part, i, "one includes %s, perhaps for the other", include + 1);
}

/* A header that is new or gone, and who includes it. */
static void tie_header(struct tying *tying, guint part, const char *include)
{
	for (guint i = 0; i < tying->parts->len; i++) {
		const struct changed_file *file = tying_part(tying, i)->file;
		const char *name = include + 1;

		while (g_str_has_prefix(name, "../") || g_str_has_prefix(name, "./"))
			name = strchr(name, '/') + 1;
		gsize length = strlen(file->path), tail = strlen(name);
		if (file->change == PATCHED_MODIFIED || !g_str_has_suffix(file->path, name))
			continue;
		if (length == tail || file->path[length - tail - 1] == '/')
			tying_join(tying, part, i, "one includes %s, the other is it", include + 1);
	}
}

static gboolean touch(const struct part *one, const struct part *next)
{
	return one->original_start + one->original_count == next->original_start &&
	       one->patched_start + one->patched_count == next->patched_start;
}

/* The parts of conditionals are one change, with what stands between them and beside them. */
static void tie_conditionals(struct tying *tying, guint first, guint end)
{
	gint open[] = {0, 0};
	guint last = G_MAXUINT;

	for (guint i = first; i < end; i++) {
		const struct part *part = tying_part(tying, i);
		const struct part *before = i > first ? tying_part(tying, i - 1) : NULL;

		if (last != G_MAXUINT && (part->conditional || open[0] || open[1]))
			tying_join(tying, last, i, "both have to do with an %s", "#if");
		if (before && (before->conditional || part->conditional) && touch(before, part))
			tying_join(tying, i - 1, i, "both have to do with an %s", "#if");
		if (part->conditional)
			last = i;
		for (gsize side = 0; side < G_N_ELEMENTS(open); side++)
			open[side] += part->opened[side];
	}
}

/* The parts [first, end) of one file. */
static void tie_includes(struct tying *tying, guint first, guint end)
{
	for (guint i = first; i < end; i++) {
		const struct part *part = tying_part(tying, i);

		for (guint j = 0; j < part->includes->len; j++) {
			tie_include(tying, i, first, end, g_ptr_array_index(part->includes, j));
			tie_header(tying, i, g_ptr_array_index(part->includes, j));
		}
	}
}

/* What one part takes or checks no more, another gives back or begins to check. */
static void tie_balances(struct tying *tying, guint first, guint end)
{
	for (guint i = first; i < end; i++) {
		for (guint j = first; j < i; j++) {
			const struct part *one = tying_part(tying, i),
					  *other = tying_part(tying, j);

			if (balances_are_opposite(one, other))
				tying_join(tying, j, i, "one takes what the other gives back%s",
					   "");
			if (one->checks * other->checks < 0)
				tying_join(tying, j, i,
					   "one gives up a check, the other makes one%s", "");
		}
	}
}

/* Who changes how something is counted that the other counts: in one file, or, if both change it
 * and its name is not common, in one module. */
static gboolean count_together(const struct tying *tying, guint one, guint other)
{
	const struct part *first = tying_part(tying, one), *second = tying_part(tying, other);

	if (tying_same_file(tying, one, other))
		return counts_what_is_around(first, second);
	return count_the_same(first, second, tying->frequencies, RARE) &&
	       tying_are_near(tying, one, other);
}

void tie_counters(struct tying *tying)
{
	for (guint i = 0; i < tying->parts->len; i++)
		for (guint j = 0; j < tying->parts->len && tying_part(tying, i)->counters->len; j++)
			if (i != j && count_together(tying, i, j))
				tying_join(tying, MIN(i, j), MAX(i, j),
					   "one changes how something is counted that the other "
					   "counts%s",
					   "");
}

void tie_files(struct tying *tying)
{
	guint first = 0;

	for (guint i = 1; i <= tying->parts->len; i++) {
		if (i < tying->parts->len &&
		    tying_part(tying, i)->file == tying_part(tying, first)->file)
			continue;
		tie_includes(tying, first, i);
		tie_conditionals(tying, first, i);
		tie_balances(tying, first, i);
		first = i;
	}
}

/* --- what is idle ----------------------------------------------------------------------------- */

static gboolean in_one_scope(const struct part *one, const struct part *other)
{
	return one->file == other->file && one->scope && !g_strcmp0(one->scope, other->scope);
}

/* Whether the change of an idle part has only such. */
static gboolean is_alone(const struct tying *tying, guint part)
{
	for (guint i = part + 1;
	     i-- > 0 && in_one_scope(tying_part(tying, i), tying_part(tying, part));)
		if (!tying_part(tying, i)->idle)
			return FALSE;
	return TRUE;
}

/* Comments and blanks go with a change of their declaration, and tie nothing: the part before them,
 * else the one behind them. */
void tie_idle(struct tying *tying)
{
	for (guint i = 1; i < tying->parts->len; i++)
		if (tying_part(tying, i)->idle &&
		    in_one_scope(tying_part(tying, i - 1), tying_part(tying, i)))
			tying_join(tying, i - 1, i, "both are in %s", tying_part(tying, i)->scope);
	for (guint i = tying->parts->len; i-- > 1;)
		if (tying_part(tying, i - 1)->idle && is_alone(tying, i - 1) &&
		    in_one_scope(tying_part(tying, i - 1), tying_part(tying, i)))
			tying_join(tying, i - 1, i, "both are in %s", tying_part(tying, i)->scope);
}
