/*
 * What fits is counted: a changed line that an error is at says more than a name in what is
 * refused, and that more than a name in the reason; of the same names those in the file that is
 * told.  The file alone says nothing: a function is also refused for what a header brings into it.
 */
#include "renewal/attribute.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum fit {
	FITS_NOT,
	FITS_REASON,
	FITS_REASON_HERE,
	FITS_SUBJECT,
	FITS_SUBJECT_HERE,
	FITS_LINE,
};

/* A refusal taken apart. */
struct told {
	char *path;		      /* NULL if it names none */
	guint line;		      /* 0: none */
	GHashTable *subject, *reason; /* words, as sets */
};

static gboolean is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

/* Whether a word of a sentence is a name: it looks like one, or the word before says so.  Others,
 * as "file" or "key", are names of something else, too. */
static gboolean is_name(const char *word, const char *before)
{
	static const char *const kinds[] = {"struct", "union", "enum", "typedef", "function",
					    "data",   "calls", "uses", "has",	  "holds",
					    "of",     "to",    "by",   NULL};

	if (g_ascii_isdigit(*word) || !strcmp(before, "member"))
		return FALSE;
	return strpbrk(word, "_0123456789") || g_strv_contains(kinds, before);
}

/* How long what follows a word is if both are the name of a file: "foo.c". */
static gsize file_ending(const char *text)
{
	return text[0] == '.' && (text[1] == 'c' || text[1] == 'h') && !is_word(text[2]) ? 2 : 0;
}

/*
 * The names of a sentence, with all words that it quotes; a number that the compiler adds to a name
 * (foo.12) is parted from it.
 */
static void add_words(GHashTable *words, const char *text, gboolean quoted)
{
	g_autofree char *before = g_strdup("");
	char last = ' ';

	while (text && *text) {
		gsize length = 0, ending;

		while (is_word(text[length]))
			length++;
		ending = file_ending(text + length);
		if (length) {
			char *word = g_strndup(text, length);

			if (!ending &&
			    (is_name(word, before) || (quoted && !g_ascii_isdigit(*word))))
				g_hash_table_add(words, g_strdup(word));
			g_free(before);
			before = word;
		} else if (*text == '\'') {
			quoted = !quoted && !is_word(last); /* not that of "can't" */
		}
		length = MAX(length + ending, 1);
		last = text[length - 1];
		text += length;
	}
}

static GHashTable *new_words(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

/* Of "path:line" and "path: symbol". */
static struct told tell(const GError *refusal)
{
	const struct klatch_reason *reason = klatch_error_reason(refusal);
	struct told told = {.subject = new_words(), .reason = new_words()};
	const char *colon = reason->where ? strchr(reason->where, ':') : NULL;

	if (reason->where)
		told.path = g_strndup(reason->where, colon ? (gsize)(colon - reason->where)
							   : strlen(reason->where));
	if (colon) {
		told.line = strtoul(colon + 1, NULL, 10);
		add_words(told.subject, colon + 1, TRUE);
	}
	add_words(told.subject, reason->what, FALSE);
	add_words(told.reason, reason->why, FALSE);
	return told;
}

static void told_clear(struct told *told)
{
	g_free(told->path);
	g_hash_table_unref(told->subject);
	g_hash_table_unref(told->reason);
}

/* Whether a path that may be told without its first components means a file. */
static gboolean is_path_of(const char *path, const char *told)
{
	gsize length = strlen(path), end = told ? strlen(told) : 0;

	return end && length >= end && !strcmp(path + length - end, told) &&
	       (length == end || path[length - end - 1] == '/');
}

/* The line of the patched text that a hunk begins at if only the chosen changes are made. */
static guint line_of_hunk(const struct selection *selection, const struct hunk *hunk)
{
	const GPtrArray *changes = selection_of_file(selection, hunk->file->path);
	gint64 line = hunk->original_line;

	for (guint i = 0; changes && i < changes->len; i++) {
		const struct change *change = g_ptr_array_index(changes, i);

		if (!selection_has(selection, change))
			continue;
		for (guint j = 0; j < change->hunks->len; j++) {
			const struct hunk *other = g_ptr_array_index(change->hunks, j);

			if (other->file == hunk->file && other->original_line < hunk->original_line)
				line += (gint64)other->patched_count - other->original_count;
		}
	}
	return (guint)line;
}

gboolean attribute_names(const struct change *change, const char *name)
{
	for (guint i = 0; i < change->hunks->len; i++) {
		const struct hunk *hunk = g_ptr_array_index(change->hunks, i);

		if (!g_strcmp0(hunk->scope, name))
			return TRUE;
	}
	return FALSE;
}

gboolean attribute_tells(const struct change *change, const char *reason)
{
	g_autoptr(GHashTable) words = new_words();

	add_words(words, reason, FALSE);
	for (guint i = 0; i < change->hunks->len; i++) {
		const struct hunk *hunk = g_ptr_array_index(change->hunks, i);

		if (hunk->scope && g_hash_table_contains(words, hunk->scope))
			return TRUE;
	}
	return FALSE;
}

static enum fit fit_of_hunk(const struct selection *selection, const struct hunk *hunk,
			    const struct told *told)
{
	gboolean here = is_path_of(hunk->file->path, told->path);

	if (hunk->idle)
		return FITS_NOT;
	if (here && told->line) {
		guint line = line_of_hunk(selection, hunk);

		if (told->line >= line && told->line < line + hunk->patched_count)
			return FITS_LINE;
	}
	if (hunk->scope && g_hash_table_contains(told->subject, hunk->scope))
		return here ? FITS_SUBJECT_HERE : FITS_SUBJECT;
	if (hunk->scope && g_hash_table_contains(told->reason, hunk->scope))
		return here ? FITS_REASON_HERE : FITS_REASON;
	return FITS_NOT;
}

GPtrArray *attribute_refusal(const struct selection *selection, const GPtrArray *candidates,
			     const GError *refusal)
{
	GPtrArray *best = g_ptr_array_new();
	struct told told = tell(refusal);
	enum fit best_fit = FITS_NOT;

	for (guint i = 0; i < candidates->len; i++) {
		const struct change *change = g_ptr_array_index(candidates, i);
		enum fit fit = FITS_NOT;

		for (guint j = 0; j < change->hunks->len; j++) {
			enum fit one =
				fit_of_hunk(selection, g_ptr_array_index(change->hunks, j), &told);
			fit = MAX(fit, one);
		}
		if (fit > best_fit)
			g_ptr_array_set_size(best, 0);
		best_fit = MAX(best_fit, fit);
		if (fit == best_fit && fit != FITS_NOT)
			g_ptr_array_add(best, (gpointer)change);
	}
	told_clear(&told);
	return best;
}
