/*
 * Nothing in a tree says which entry of the changelog a line came with.  So the words of a subject
 * are looked for in what each change has in each file: names of functions and other declarations,
 * identifiers in changed lines, the path.  A word that few have says much, one that many have says
 * nothing; and that a file where much has changed has some word says less (BM25, as search engines
 * do).  Files that this kernel does not build take part, so that their entries do not go elsewhere.
 * What a subject begins with decides, where it is the name of a file or directory that changes: the
 * entry goes only to a change that has to do with that, or with a function that the subject names.
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

/* How much less a word says where there are many (BM25's k1 and b). */
#define SATURATION    1.2
#define LENGTH_WEIGHT 0.5

/* What a function that the subject names with "()" is worth more. */
#define CALLED_WORTH 2.0

/* What the path of a subsystem that the subject begins with is worth more. */
#define SUBSYSTEM_WORTH 2.0

/* Least score of all words, and of those behind the subsystem, in natural logarithms of rarity: a
 * word that one file of 1,000 has is worth 7. */
#define LEAST_SCORE  10.0
#define LEAST_MATTER 5.0

/* ... or so much more than of any other change: the only one of a subsystem. */
#define CLEAR_LEAD 5.0

/* Names that more documents than this have in their paths ("core") say less than others do. */
#define COMMON_STEM 40

/* Words that say nothing where they stand in an identifier are shorter than this. */
#define SHORTEST 3

/* What a change has in one file; or a file that is not built. */
struct document {
	struct change *change; /* NULL: not built */
	guint words;
};

struct assigning {
	const struct changes *changes;
	GArray *documents;	   /* of struct document */
	double mean_words;	   /* of one */
	GHashTable *words[PLACES]; /* word to set of documents (number + 1) that have it there */
	GHashTable *stems; /* likewise directories and sources ("dw-edma" of dw_edma.c) to those
			      below or of them */
};

struct term {
	char *word; /* in lower case */
	gboolean called;
	gboolean prefix; /* before the last ": " of the subject: names a subsystem */
};

/* --- what changes have ------------------------------------------------------------------------ */

static GHashTable *sets_new(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
				     (GDestroyNotify)g_hash_table_unref);
}

/* Adds the document that is read to a word's set; whether it was not there. */
static gboolean add_to_set(struct assigning *assigning, GHashTable *sets, const char *word)
{
	GHashTable *set = g_hash_table_lookup(sets, word);

	if (!set) {
		set = g_hash_table_new(NULL, NULL);
		g_hash_table_insert(sets, g_strdup(word), set);
	}
	return g_hash_table_add(set, GUINT_TO_POINTER(assigning->documents->len));
}

/* Of the document that is read. */
static void add_word(struct assigning *assigning, enum place place, const char *at, gsize length)
{
	struct document *document = &g_array_index(assigning->documents, struct document,
						   assigning->documents->len - 1);
	g_autofree char *word = g_ascii_strdown(at, (gssize)length);

	if (length >= SHORTEST)
		document->words += add_to_set(assigning, assigning->words[place], word);
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
		      const char *word, gsize length)
{
	const char *end = word + length, *part = word;

	add_word(assigning, place, word, length);
	for (const char *at = word; at <= end; at++) {
		if (at < end && *at != '_')
			continue;
		if ((gsize)(at - part) < length)
			add_word(assigning, part_place, part, at - part);
		part = at + 1;
	}
}

static void add_text(struct assigning *assigning, enum place place, enum place part_place,
		     const char *at, gsize size)
{
	const char *end = at + size, *word;
	gsize length;

	while (next_word(&at, end, &word, &length))
		add_parts(assigning, place, part_place, word, length);
}

static void add_lines(struct assigning *assigning, const struct text *text, guint line, guint count)
{
	for (guint i = 0; i < count; i++) {
		gsize length;
		const char *start = text_line(text, line - 1 + i, &length);

		add_text(assigning, PLACE_LINE, PLACE_PART, start, length);
	}
}

/* Headers are left out: they are called after what has no name of its own. */
static void add_stems(struct assigning *assigning, const char *path)
{
	g_autofree char *lower = g_ascii_strdown(path, -1);
	g_auto(GStrv) parts = g_strsplit(g_strdelimit(lower, "_", '-'), "/", -1);

	for (char **part = parts; *part; part++) {
		char *end = strrchr(*part, '.');

		if (!part[1] && g_strcmp0(end, ".c") != 0)
			continue;
		if (end && !part[1])
			*end = '\0';
		if (strlen(*part) >= SHORTEST)
			add_to_set(assigning, assigning->stems, *part);
	}
}

static void begin_document(struct assigning *assigning, struct change *change,
			   const struct changed_file *file)
{
	struct document document = {.change = change};

	g_array_append_val(assigning->documents, document);
	add_text(assigning, PLACE_PATH, PLACE_PATH, file->path, strlen(file->path));
	add_stems(assigning, file->path);
}

static gboolean add_file(struct assigning *assigning, struct change *change,
			 const struct changed_file *file, GError **error)
{
	const struct changes *changes = assigning->changes;
	AUTO(text) original = text_read(changes->original, file->path, error);
	AUTO(text) patched = original ? text_read(changes->patched, file->path, error) : NULL;

	if (!patched)
		return FALSE;
	begin_document(assigning, change->idle ? NULL : change, file);
	for (guint i = 0; i < change->hunks->len; i++) {
		const struct hunk *hunk = g_ptr_array_index(change->hunks, i);

		if (hunk->file != file)
			continue;
		add_lines(assigning, original, hunk->original_line, hunk->original_count);
		add_lines(assigning, patched, hunk->patched_line, hunk->patched_count);
		if (hunk->scope)
			add_text(assigning, PLACE_SCOPE, PLACE_PART, hunk->scope,
				 strlen(hunk->scope));
	}
	return TRUE;
}

static gboolean read_changes(struct assigning *assigning, GError **error)
{
	const struct changes *changes = assigning->changes;

	for (guint i = 0; i < changes->unbuilt->len; i++)
		begin_document(assigning, NULL, g_ptr_array_index(changes->unbuilt, i));
	for (guint i = 0; i < changes->all->len; i++) {
		struct change *change = g_ptr_array_index(changes->all, i);

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

/* The directory or source of a name, or of the first of its parts that is one; NULL.  Borrowed. */
static const char *stem_of(const struct assigning *assigning, const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, "-", -1);
	gpointer stem = NULL;

	g_hash_table_lookup_extended(assigning->stems, name, &stem, NULL);
	for (guint i = 0; parts[i] && !stem; i++)
		g_hash_table_lookup_extended(assigning->stems, parts[i], &stem, NULL);
	return stem;
}

/*
 * The directory or source that a subject begins with the name of ("dw-edma" of "dmaengine: dw-edma:
 * ..."): the last that is not common, or else the last; NULL if none.  Borrowed.
 */
static const char *find_stem(const struct assigning *assigning, const char *subject)
{
	g_autofree char *prefix = g_ascii_strdown(subject, prefix_end(subject) - subject);
	g_auto(GStrv) names = g_strsplit_set(g_strdelimit(prefix, "_", '-'), " :/,()[]\"", -1);
	const char *last = NULL;

	for (guint i = g_strv_length(names); i-- > 0;) {
		const char *stem = stem_of(assigning, names[i]);

		if (!stem)
			continue;
		if (g_hash_table_size(g_hash_table_lookup(assigning->stems, stem)) <= COMMON_STEM)
			return stem;
		if (!last)
			last = stem;
	}
	return last;
}

/* --- both together ---------------------------------------------------------------------------- */

static const struct document *document_at(const struct assigning *assigning, guint i)
{
	return &g_array_index(assigning->documents, struct document, i);
}

/* What it says that so few documents have a word. */
static double rarity(const struct assigning *assigning, GHashTable *set)
{
	return log((double)assigning->documents->len / g_hash_table_size(set));
}

/* Of the documents that have more than a path. */
static double mean_words(const struct assigning *assigning)
{
	double words = 0;
	guint count = 0;

	for (guint i = 0; i < assigning->documents->len; i++) {
		const struct document *document = document_at(assigning, i);

		words += document->change ? document->words : 0;
		count += document->change != NULL;
	}
	return words ? words / count : 1;
}

/* What a word is worth less in a document of many words, more in one of few; paths have few. */
static double dilution(const struct assigning *assigning, enum place place, guint document)
{
	double length = document_at(assigning, document)->words / assigning->mean_words;

	if (place == PLACE_PATH)
		return 1;
	return (SATURATION + 1) / (1 + SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * length));
}

struct score {
	double subsystem; /* of what stands before the last ": " */
	double matter;
};

/* Adds what a term says to the scores of the documents that have it: the best of its places. */
static void add_term(const struct assigning *assigning, const struct term *term,
		     struct score *scores)
{
	g_autofree double *best = g_new0(double, assigning->documents->len);

	for (guint place = 0; place < PLACES; place++) {
		GHashTable *set = g_hash_table_lookup(assigning->words[place], term->word);
		GHashTableIter iter;
		gpointer at;

		if (!set)
			continue;
		double score = worth[place] * rarity(assigning, set);
		if (place == PLACE_SCOPE && term->called)
			score *= CALLED_WORTH;
		if (place == PLACE_PATH && term->prefix)
			score *= SUBSYSTEM_WORTH;
		g_hash_table_iter_init(&iter, set);
		while (g_hash_table_iter_next(&iter, &at, NULL)) {
			guint document = GPOINTER_TO_UINT(at) - 1;

			best[document] =
				MAX(best[document], score * dilution(assigning, place, document));
		}
	}
	for (guint i = 0; i < assigning->documents->len; i++)
		*(term->prefix ? &scores[i].subsystem : &scores[i].matter) += best[i];
}

/* What stands for a document: its change, as what is true of one file is true of all of it. */
static gconstpointer owner(const struct assigning *assigning, guint document)
{
	const struct change *change = document_at(assigning, document)->change;

	return change ? (gconstpointer)change : document_at(assigning, document);
}

static void add_owners(const struct assigning *assigning, GHashTable *sets, const char *word,
		       GHashTable *owners)
{
	GHashTable *set = g_hash_table_lookup(sets, word);
	GHashTableIter iter;
	gpointer at;

	if (!set)
		return;
	g_hash_table_iter_init(&iter, set);
	while (g_hash_table_iter_next(&iter, &at, NULL))
		g_hash_table_add(owners, (gpointer)owner(assigning, GPOINTER_TO_UINT(at) - 1));
}

/* Leaves the scores of what has to do with the directory or source that a subject begins with. */
static void keep_subsystem(const struct assigning *assigning, const char *subject,
			   const GArray *terms, struct score *scores)
{
	const char *stem = find_stem(assigning, subject);
	g_autoptr(GHashTable) owners = g_hash_table_new(NULL, NULL);

	if (!stem)
		return;
	add_owners(assigning, assigning->stems, stem, owners);
	add_owners(assigning, assigning->words[PLACE_PATH], stem, owners);
	for (guint i = 0; i < terms->len; i++) {
		const struct term *term = &g_array_index(terms, struct term, i);

		if (strchr(term->word, '_'))
			add_owners(assigning, assigning->words[PLACE_SCOPE], term->word, owners);
	}
	for (guint i = 0; i < assigning->documents->len; i++)
		if (!g_hash_table_contains(owners, owner(assigning, i)))
			scores[i] = (struct score){0};
}

static double total(const struct score *score)
{
	return score->subsystem + score->matter;
}

/* By how much the best document is better than the best of another change. */
static double lead(const struct assigning *assigning, const struct score *scores, guint best)
{
	double second = 0;

	for (guint i = 0; i < assigning->documents->len; i++)
		if (document_at(assigning, i)->change != document_at(assigning, best)->change)
			second = MAX(second, total(&scores[i]));
	return total(&scores[best]) - second;
}

/* The likeliest change of an entry, or NULL. */
static struct change *find_change(const struct assigning *assigning,
				  const struct changelog_entry *entry)
{
	guint count = assigning->documents->len, best = 0;
	g_autofree struct score *scores = g_new0(struct score, count + 1);
	g_autoptr(GArray) terms = read_terms(entry->subject);

	for (guint i = 0; i < terms->len; i++)
		add_term(assigning, &g_array_index(terms, struct term, i), scores);
	keep_subsystem(assigning, entry->subject, terms, scores);
	for (guint i = 1; i < count; i++)
		if (total(&scores[i]) > total(&scores[best]))
			best = i;
	if (!count || total(&scores[best]) < LEAST_SCORE)
		return NULL;
	if (scores[best].matter < LEAST_MATTER && lead(assigning, scores, best) < CLEAR_LEAD)
		return NULL;
	return document_at(assigning, best)->change;
}

GPtrArray *assign_entries(const struct changes *changes, const struct changelog *changelog,
			  GError **error)
{
	struct assigning assigning = {.changes = changes};
	GPtrArray *without = g_ptr_array_new();

	for (guint place = 0; place < PLACES; place++)
		assigning.words[place] = sets_new();
	assigning.stems = sets_new();
	assigning.documents = g_array_new(FALSE, FALSE, sizeof(struct document));
	if (!read_changes(&assigning, error))
		g_clear_pointer(&without, g_ptr_array_unref);
	assigning.mean_words = mean_words(&assigning);
	for (guint i = 0; i < changelog->entries->len && without; i++) {
		struct changelog_entry *entry = g_ptr_array_index(changelog->entries, i);
		struct change *change = find_change(&assigning, entry);

		g_ptr_array_add(change ? change->entries : without, entry);
	}
	for (guint place = 0; place < PLACES; place++)
		g_hash_table_unref(assigning.words[place]);
	g_hash_table_unref(assigning.stems);
	g_array_unref(assigning.documents);
	return without;
}
