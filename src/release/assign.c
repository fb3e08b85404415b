/*
 * Nothing in a tree says which entry of the changelog a line came with.  So the words of a subject
 * are looked for in what each change has: names of functions and other declarations, identifiers in
 * changed lines, paths.  A word that few changes have says much, one that many have says nothing.
 */
#include "release/assign.h"

#include <math.h>
#include <string.h>

#include "release/text.h"

/* Where a change has a word, and what finding it there is worth. */
enum place { PLACE_SCOPE, PLACE_LINE, PLACE_PATH, PLACE_PART, PLACES };
static const double worth[PLACES] = {
	[PLACE_SCOPE] = 1.5, /* the name of a function or declaration that it stands in */
	[PLACE_LINE] = 1.0,  /* an identifier in changed lines */
	[PLACE_PATH] = 1.0,  /* a component of a file's path */
	[PLACE_PART] = 0.4,  /* a part of an identifier between underscores */
};

/* What a function that the subject names with "()" is worth more. */
#define CALLED_WORTH 2.0

/* Least score, in natural logarithms of rarity: a word that one change of 1,000 has is worth 7. */
#define LEAST_SCORE 8.0

/* Words that say nothing where they stand in an identifier are shorter than this. */
#define SHORTEST 3

struct assigning {
	const struct changes *changes;
	GHashTable *words[PLACES]; /* word to set of changes that have it there */
};

struct term {
	char *word; /* in lower case */
	gboolean called;
	gboolean prefix; /* before the last ": " of the subject: names a subsystem */
};

/* --- what changes have ------------------------------------------------------------------------ */

static void add_word(struct assigning *assigning, enum place place, const char *at, gsize length,
		     const struct change *change)
{
	g_autofree char *word = g_ascii_strdown(at, (gssize)length);
	GHashTable *set = g_hash_table_lookup(assigning->words[place], word);

	if (length < SHORTEST)
		return;
	if (!set) {
		set = g_hash_table_new(NULL, NULL);
		g_hash_table_insert(assigning->words[place], g_steal_pointer(&word), set);
	}
	g_hash_table_add(set, (gpointer)change);
}

static gboolean is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* The next run of word characters of a text, or FALSE. */
static gboolean next_word(const char **at, const char *end, const char **word, gsize *length)
{
	while (*at < end && !is_word(**at))
		++*at;
	*word = *at;
	while (*at < end && is_word(**at))
		++*at;
	*length = *at - *word;
	return *length > 0;
}

/* A word as its place, and its parts between underscores. */
static void add_parts(struct assigning *assigning, enum place place, enum place part_place,
		      const char *word, gsize length, const struct change *change)
{
	const char *end = word + length, *part = word;

	add_word(assigning, place, word, length, change);
	for (const char *at = word; at <= end; at++) {
		if (at < end && *at != '_')
			continue;
		if ((gsize)(at - part) < length)
			add_word(assigning, part_place, part, at - part, change);
		part = at + 1;
	}
}

static void add_text(struct assigning *assigning, enum place place, enum place part_place,
		     const char *at, gsize size, const struct change *change)
{
	const char *end = at + size, *word;
	gsize length;

	while (next_word(&at, end, &word, &length))
		add_parts(assigning, place, part_place, word, length, change);
}

static void add_lines(struct assigning *assigning, const struct text *text, guint line, guint count,
		      const struct change *change)
{
	for (guint i = 0; i < count; i++) {
		gsize length;
		const char *start = text_line(text, line - 1 + i, &length);

		add_text(assigning, PLACE_LINE, PLACE_PART, start, length, change);
	}
}

static gboolean add_file(struct assigning *assigning, const struct change *change,
			 const struct changed_file *file, GError **error)
{
	const struct changes *changes = assigning->changes;
	AUTO(text) original = text_read(changes->original, file->path, error);
	AUTO(text) patched = original ? text_read(changes->patched, file->path, error) : NULL;

	if (!patched)
		return FALSE;
	add_text(assigning, PLACE_PATH, PLACE_PATH, file->path, strlen(file->path), change);
	for (guint i = 0; i < change->hunks->len; i++) {
		const struct hunk *hunk = g_ptr_array_index(change->hunks, i);

		if (hunk->file != file)
			continue;
		add_lines(assigning, original, hunk->original_line, hunk->original_count, change);
		add_lines(assigning, patched, hunk->patched_line, hunk->patched_count, change);
		if (hunk->scope)
			add_text(assigning, PLACE_SCOPE, PLACE_PART, hunk->scope,
				 strlen(hunk->scope), change);
	}
	return TRUE;
}

static gboolean read_changes(struct assigning *assigning, GError **error)
{
	for (guint i = 0; i < assigning->changes->all->len; i++) {
		const struct change *change = g_ptr_array_index(assigning->changes->all, i);

		for (guint j = 0; j < change->files->len; j++)
			if (!add_file(assigning, change, g_ptr_array_index(change->files, j),
				      error))
				return FALSE;
	}
	return TRUE;
}

/* --- what a subject says ---------------------------------------------------------------------- */

static void term_clear(struct term *term)
{
	g_free(term->word);
}

static const char *prefix_end(const char *subject)
{
	const char *end = subject;

	for (const char *at = subject; (at = strstr(at, ": ")); at++)
		end = at;
	return end;
}

/* The words of a subject, each once. */
static GArray *read_terms(const char *subject)
{
	GArray *terms = g_array_new(FALSE, FALSE, sizeof(struct term));
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *at = subject, *end = subject + strlen(subject), *prefix = prefix_end(subject);
	const char *word;
	gsize length;

	g_array_set_clear_func(terms, (GDestroyNotify)term_clear);
	while (next_word(&at, end, &word, &length)) {
		struct term term = {.word = g_ascii_strdown(word, (gssize)length)};

		if (!g_hash_table_add(seen, g_strdup(term.word))) {
			g_free(term.word);
			continue;
		}
		term.called = g_str_has_prefix(at, "()");
		term.prefix = word < prefix;
		g_array_append_val(terms, term);
	}
	return terms;
}

/* --- both together ---------------------------------------------------------------------------- */

/* What it says that a change has a word in this place. */
static double rarity(const struct assigning *assigning, GHashTable *set)
{
	return log((double)assigning->changes->all->len / g_hash_table_size(set));
}

/* Adds what a term says to the scores of the changes that have it: the best of its places. */
static void add_term(const struct assigning *assigning, const struct term *term, double *scores)
{
	g_autofree double *best = g_new0(double, assigning->changes->all->len + 1);

	for (guint place = 0; place < PLACES; place++) {
		GHashTable *set = g_hash_table_lookup(assigning->words[place], term->word);
		GHashTableIter iter;
		gpointer at;

		if (!set)
			continue;
		double score = worth[place] * rarity(assigning, set);
		if (place == PLACE_SCOPE && term->called)
			score *= CALLED_WORTH;
		g_hash_table_iter_init(&iter, set);
		while (g_hash_table_iter_next(&iter, &at, NULL)) {
			const struct change *change = at;

			best[change->number] = MAX(best[change->number], score);
		}
	}
	for (guint i = 1; i <= assigning->changes->all->len; i++)
		scores[i] += best[i];
}

/* The likeliest change of an entry, or NULL. */
static struct change *find_change(const struct assigning *assigning,
				  const struct changelog_entry *entry)
{
	guint count = assigning->changes->all->len, best = 0;
	g_autofree double *scores = g_new0(double, count + 1);
	g_autoptr(GArray) terms = read_terms(entry->subject);

	for (guint i = 0; i < terms->len; i++)
		add_term(assigning, &g_array_index(terms, struct term, i), scores);
	for (guint i = 1; i <= count; i++)
		if (scores[i] > scores[best])
			best = i;
	if (!best || scores[best] < LEAST_SCORE)
		return NULL;
	return g_ptr_array_index(assigning->changes->all, best - 1);
}

GPtrArray *assign_entries(const struct changes *changes, const struct changelog *changelog,
			  GError **error)
{
	struct assigning assigning = {.changes = changes};
	GPtrArray *without = g_ptr_array_new();

	for (guint place = 0; place < PLACES; place++)
		assigning.words[place] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
							       (GDestroyNotify)g_hash_table_unref);
	if (!read_changes(&assigning, error))
		g_clear_pointer(&without, g_ptr_array_unref);
	for (guint i = 0; i < changelog->entries->len && without; i++) {
		struct changelog_entry *entry = g_ptr_array_index(changelog->entries, i);
		struct change *change = find_change(&assigning, entry);

		g_ptr_array_add(change ? change->entries : without, entry);
	}
	for (guint place = 0; place < PLACES; place++)
		g_hash_table_unref(assigning.words[place]);
	return without;
}
