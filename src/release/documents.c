/*
 * A document is what a change has in one declaration, so that a big change does not have some word
 * of everything.  Identifiers count whole and in their parts, as a subject may say either.  Of a
 * file that is not built no change is known; what differs are the lines that only one of its
 * versions has.
 */
#include "release/documents.h"

#include <string.h>

#include "release/text.h"

/* Words that say nothing where they stand in an identifier are shorter than this. */
#define SHORTEST 3

struct reading {
	const struct changes *changes;
	struct documents *documents;
};

char *documents_stem(const char *word, gsize length)
{
	static const char *const endings[] = {"ations", "ation", "ings", "ing",
					      "ed",	"es",	 "s",	 "e"};
	char *stem = g_ascii_strdown(word, (gssize)length);

	for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
		gsize left = length - MIN(length, strlen(endings[i]));

		if (left < SHORTEST + 1 || !g_str_has_suffix(stem, endings[i]))
			continue;
		stem[left] = '\0';
		break;
	}
	return stem;
}

/* Of the document that is read. */
static void add_word(struct reading *reading, enum place place, const char *at, gsize length)
{
	struct documents *documents = reading->documents;
	struct document *document =
		&g_array_index(documents->all, struct document, documents->all->len - 1);
	g_autofree char *word = place == PLACE_PART ? documents_stem(at, length)
						    : g_ascii_strdown(at, (gssize)length);
	GHashTable *set = g_hash_table_lookup(documents->words[place], word);

	if (length < SHORTEST && place != PLACE_PATH)
		return;
	if (!set) {
		set = g_hash_table_new(NULL, NULL);
		g_hash_table_insert(documents->words[place], g_steal_pointer(&word), set);
	}
	document->words += g_hash_table_add(set, GUINT_TO_POINTER(documents->all->len));
}

static gboolean is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

gboolean documents_next_word(const char **at, const char *end, const char **word, gsize *length)
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
static void add_parts(struct reading *reading, enum place place, enum place part_place,
		      const char *word, gsize length)
{
	const char *end = word + length, *part = word;

	add_word(reading, place, word, length);
	for (const char *at = word; at <= end; at++) {
		if (at < end && *at != '_')
			continue;
		if (at > part && (part_place == PLACE_PART || (gsize)(at - part) < length))
			add_word(reading, part_place, part, at - part);
		part = at + 1;
	}
}

static void add_text(struct reading *reading, enum place place, enum place part_place,
		     const char *at, gsize size)
{
	const char *end = at + size, *word;
	gsize length;

	while (documents_next_word(&at, end, &word, &length))
		add_parts(reading, place, part_place, word, length);
}

static void add_line(struct reading *reading, const struct text *text, guint line)
{
	gsize length;
	const char *start = text_line(text, line, &length);

	add_text(reading, PLACE_LINE, PLACE_PART, start, length);
}

static void add_hunk(struct reading *reading, const struct hunk *hunk, const struct text *original,
		     const struct text *patched)
{
	for (guint i = 0; i < hunk->original_count; i++)
		add_line(reading, original, hunk->original_line - 1 + i);
	for (guint i = 0; i < hunk->patched_count; i++)
		add_line(reading, patched, hunk->patched_line - 1 + i);
	if (hunk->scope)
		add_text(reading, PLACE_SCOPE, PLACE_PART, hunk->scope, strlen(hunk->scope));
}

static GHashTable *lines_of(const struct text *text)
{
	GHashTable *lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < text->count; i++) {
		gsize length;
		const char *start = text_line(text, i, &length);

		g_hash_table_add(lines, g_strndup(start, length));
	}
	return lines;
}

/* The lines of a text that another has not. */
static void add_difference(struct reading *reading, const struct text *text,
			   const struct text *other)
{
	g_autoptr(GHashTable) known = lines_of(other);

	for (guint i = 0; i < text->count; i++) {
		gsize length;
		const char *start = text_line(text, i, &length);
		g_autofree char *line = g_strndup(start, length);

		if (!g_hash_table_contains(known, line))
			add_line(reading, text, i);
	}
}

/* "esp4.c" is about esp, too. */
static void add_path(struct reading *reading, const char *path)
{
	const char *at = path, *end = path + strlen(path), *word;
	gsize length;

	add_text(reading, PLACE_PATH, PLACE_PATH, path, strlen(path));
	while (documents_next_word(&at, end, &word, &length)) {
		while (length && g_ascii_isdigit(word[length - 1]))
			length--;
		if (length)
			add_parts(reading, PLACE_PATH, PLACE_PATH, word, length);
	}
}

static void begin_document(struct reading *reading, struct change *change,
			   const struct changed_file *file)
{
	struct document document = {.path = file->path, .owner = file};

	if (change) {
		document.change = change->idle ? NULL : change;
		document.owner = change;
	}
	g_array_append_val(reading->documents->all, document);
	add_path(reading, file->path);
}

/* What a change has in a file, declaration by declaration. */
static void add_hunks(struct reading *reading, struct change *change,
		      const struct changed_file *file, const struct text *original,
		      const struct text *patched)
{
	const struct hunk *before = NULL;

	for (guint i = 0; i < change->hunks->len; i++) {
		const struct hunk *hunk = g_ptr_array_index(change->hunks, i);

		if (hunk->file != file)
			continue;
		if (!before || g_strcmp0(before->scope, hunk->scope))
			begin_document(reading, change, file);
		before = hunk;
		add_hunk(reading, hunk, original, patched);
	}
}

/* change: NULL if the file is not built. */
static gboolean add_file(struct reading *reading, struct change *change,
			 const struct changed_file *file, GError **error)
{
	const struct changes *changes = reading->changes;
	AUTO(text) original = text_read(changes->original, file->path, error);
	AUTO(text) patched = original ? text_read(changes->patched, file->path, error) : NULL;

	if (!patched)
		return FALSE;
	if (change) {
		add_hunks(reading, change, file, original, patched);
	} else {
		begin_document(reading, NULL, file);
		add_difference(reading, original, patched);
		add_difference(reading, patched, original);
	}
	return TRUE;
}

static gboolean read_changes(struct reading *reading, GError **error)
{
	const struct changes *changes = reading->changes;

	for (guint i = 0; i < changes->unbuilt->len; i++)
		if (!add_file(reading, NULL, g_ptr_array_index(changes->unbuilt, i), error))
			return FALSE;
	for (guint i = 0; i < changes->all->len; i++) {
		struct change *change = g_ptr_array_index(changes->all, i);

		for (guint j = 0; j < change->files->len; j++)
			if (!add_file(reading, change, g_ptr_array_index(change->files, j), error))
				return FALSE;
	}
	return TRUE;
}

static double mean_words(const struct documents *documents)
{
	double words = 0;

	for (guint i = 0; i < documents->all->len; i++)
		words += document_at(documents, i)->words;
	return words ? words / documents->all->len : 1;
}

struct documents *documents_read(const struct changes *changes, GError **error)
{
	AUTO(documents) documents = g_new0(struct documents, 1);
	struct reading reading = {changes, documents};

	documents->all = g_array_new(FALSE, FALSE, sizeof(struct document));
	for (guint place = 0; place < PLACES; place++)
		documents->words[place] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
								(GDestroyNotify)g_hash_table_unref);
	if (!read_changes(&reading, error))
		return NULL;
	documents->mean_words = mean_words(documents);
	return g_steal_pointer(&documents);
}

void documents_free(struct documents *documents)
{
	for (guint place = 0; place < PLACES; place++)
		g_hash_table_unref(documents->words[place]);
	g_array_unref(documents->all);
	g_free(documents);
}
