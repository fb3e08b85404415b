/*
 * Nothing in a tree says which entry of the changelog a line came with.  So the words of a subject
 * are looked for in what each change has in each declaration: its name, identifiers in changed
 * lines, the path.  A word that few have says much, one that many have says nothing; and that a
 * declaration where much has changed has some word says less (BM25, as search engines do).  Where
 * the subject begins with a subsystem, its entry goes to no other, unless it names a function that
 * stands in one place alone; and where two changes are as likely, to neither.
 */
#include "release/assign.h"

#include <math.h>
#include <string.h>

#include "release/documents.h"
#include "release/subsystem.h"

/* What finding a word in a place is worth. */
static const double worth[PLACES] = {
	[PLACE_SCOPE] = 1.0,
	[PLACE_LINE] = 1.0,
	[PLACE_PATH] = 1.0,
	[PLACE_PART] = 0.6,
};

/* How much less a word says where there are many (BM25's k1 and b). */
#define SATURATION    1.2
#define LENGTH_WEIGHT 0.5

/* What a function that the subject names with "()" is worth more. */
#define CALLED_WORTH 2.0

/* Least score, in natural logarithms of rarity: a word that one document of 1,000 has is worth 7;
 * of what alone has to do with the subsystem; and by how much it must be above any other's. */
#define LEAST_SCORE 8.0
#define LEAST_ALONE 2.0
#define LEAST_LEAD  2.5

/* No more changes than this have a name that stands for itself, whatever the subsystem. */
#define TELLING 2

struct term {
	char *word; /* in lower case */
	char *stem; /* as parts of identifiers are kept */
	gboolean called;
	gboolean prefix; /* before the last ": " of the subject: names a subsystem */
};

/* --- what a subject says ---------------------------------------------------------------------- */

static void term_clear(struct term *term)
{
	g_free(term->word);
	g_free(term->stem);
}

/* The words of a subject, each once. */
static GArray *read_terms(const char *subject)
{
	GArray *terms = g_array_new(FALSE, FALSE, sizeof(struct term));
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *at = subject, *end = subject + strlen(subject);
	const char *prefix = subsystem_end(subject), *word;
	gsize length;

	g_array_set_clear_func(terms, (GDestroyNotify)term_clear);
	while (documents_next_word(&at, end, &word, &length)) {
		struct term term = {.word = g_ascii_strdown(word, (gssize)length)};

		if (!g_hash_table_add(seen, g_strdup(term.word))) {
			g_free(term.word);
			continue;
		}
		term.stem = documents_stem(word, length);
		term.called = g_str_has_prefix(at, "()");
		term.prefix = word < prefix;
		g_array_append_val(terms, term);
	}
	return terms;
}

/* --- how likely a document is ------------------------------------------------------------------
 */

/* What it says that so few documents have a word. */
static double rarity(const struct documents *documents, GHashTable *set)
{
	return log((double)documents->all->len / g_hash_table_size(set));
}

/* What a word is worth less in a document of many words, more in one of few; paths have few. */
static double dilution(const struct documents *documents, enum place place, guint document)
{
	double length = document_at(documents, document)->words / documents->mean_words;

	if (place == PLACE_PATH)
		return 1;
	return (SATURATION + 1) / (1 + SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * length));
}

/* Adds what a term says to the scores of the documents that have it: the best of its places.  What
 * stands before the colon says where, not what. */
static void add_term(const struct documents *documents, const struct term *term, double *scores)
{
	g_autofree double *best = g_new0(double, documents->all->len);

	for (guint place = 0; place < PLACES; place++) {
		GHashTable *set = g_hash_table_lookup(
			documents->words[place], place == PLACE_PART ? term->stem : term->word);
		GHashTableIter iter;
		gpointer at;

		if (!set || (term->prefix && place != PLACE_PATH))
			continue;
		double score = worth[place] * rarity(documents, set);
		if (place == PLACE_SCOPE && term->called)
			score *= CALLED_WORTH;
		g_hash_table_iter_init(&iter, set);
		while (g_hash_table_iter_next(&iter, &at, NULL)) {
			guint i = GPOINTER_TO_UINT(at) - 1;

			best[i] = MAX(best[i], score * dilution(documents, place, i));
		}
	}
	for (guint i = 0; i < documents->all->len; i++)
		scores[i] += best[i];
}

/* --- where an entry may go ---------------------------------------------------------------------
 */

/* Adds what has a function or declaration that the subject names, if hardly any change has it. */
static void add_named(const struct documents *documents, const struct term *term,
		      GHashTable *allowed)
{
	GHashTable *set = g_hash_table_lookup(documents->words[PLACE_SCOPE], term->word);
	g_autoptr(GHashTable) owners = g_hash_table_new(NULL, NULL);
	GHashTableIter iter;
	gpointer at;

	if (!set || !(term->called || strchr(term->word, '_')))
		return;
	g_hash_table_iter_init(&iter, set);
	while (g_hash_table_iter_next(&iter, &at, NULL))
		g_hash_table_add(owners,
				 (gpointer)document_at(documents, GPOINTER_TO_UINT(at) - 1)->owner);
	if (g_hash_table_size(owners) > TELLING)
		return;
	g_hash_table_iter_init(&iter, set);
	while (g_hash_table_iter_next(&iter, &at, NULL))
		g_hash_table_add(allowed, at);
}

/* Leaves the scores of what has to do with the subsystem that a subject begins with. */
static void keep_subsystem(const struct documents *documents, const char *subject,
			   const GArray *terms, double *scores)
{
	g_autoptr(GHashTable) allowed = subsystem_documents(documents, subject);

	if (!allowed)
		return;
	for (guint i = 0; i < terms->len; i++)
		add_named(documents, &g_array_index(terms, struct term, i), allowed);
	for (guint i = 0; i < documents->all->len; i++)
		if (!g_hash_table_contains(allowed, GUINT_TO_POINTER(i + 1)))
			scores[i] = 0;
}

/* The best score of what is not of a document's change. */
static double best_of_others(const struct documents *documents, const double *scores,
			     guint document)
{
	double best = 0;

	for (guint i = 0; i < documents->all->len; i++)
		if (document_at(documents, i)->owner != document_at(documents, document)->owner)
			best = MAX(best, scores[i]);
	return best;
}

/* The change that an entry belongs to, or NULL if none is likely enough. */
static struct change *find_change(const struct documents *documents,
				  const struct changelog_entry *entry)
{
	guint count = documents->all->len, best = 0;
	g_autofree double *scores = g_new0(double, count + 1);
	g_autoptr(GArray) terms = read_terms(entry->subject);

	if (!count)
		return NULL;
	for (guint i = 0; i < terms->len; i++)
		add_term(documents, &g_array_index(terms, struct term, i), scores);
	keep_subsystem(documents, entry->subject, terms, scores);
	for (guint i = 1; i < count; i++)
		if (scores[i] > scores[best])
			best = i;
	double others = best_of_others(documents, scores, best);
	if (scores[best] < (others > 0 ? LEAST_SCORE : LEAST_ALONE) ||
	    scores[best] - others < LEAST_LEAD)
		return NULL;
	return document_at(documents, best)->change;
}

GPtrArray *assign_entries(const struct changes *changes, const struct changelog *changelog,
			  GError **error)
{
	AUTO(documents) documents = documents_read(changes, error);
	GPtrArray *without = documents ? g_ptr_array_new() : NULL;

	for (guint i = 0; i < changelog->entries->len && documents; i++) {
		struct changelog_entry *entry = g_ptr_array_index(changelog->entries, i);
		struct change *change = find_change(documents, entry);

		g_ptr_array_add(change ? change->entries : without, entry);
	}
	return without;
}
