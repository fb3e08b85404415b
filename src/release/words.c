/*
 * Words are counted in one pass over the tree: a bit says quickly of nearly every identifier that
 * nobody asks for it.
 */
#include "release/words.h"

#include <fts.h>
#include <string.h>

#include "base/files.h"

struct words *words_new(void)
{
	struct words *words = g_new0(struct words, 1);

	words->numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	words->texts = g_ptr_array_new();
	return words;
}

void words_free(struct words *words)
{
	g_hash_table_unref(words->numbers);
	g_ptr_array_unref(words->texts);
	g_free(words);
}

guint words_number(struct words *words, const char *at, gsize length)
{
	g_autofree char *text = g_strndup(at, length);
	gpointer known = g_hash_table_lookup(words->numbers, text);

	if (known)
		return GPOINTER_TO_UINT(known) - 1;
	g_ptr_array_add(words->texts, text);
	g_hash_table_insert(words->numbers, g_steal_pointer(&text),
			    GUINT_TO_POINTER(words->texts->len));
	return words->texts->len - 1;
}

/* --- counting -------------------------------------------------------------------------------- */

#define FILTER_BITS 21

struct counter {
	const struct words *words;
	guint32 *slots; /* open addressing: number + 1, 0 is free */
	guint32 mask;
	guint64 *filter;
	guint *frequencies;
	guint *last; /* by word: the file that it was counted in last */
	guint file;  /* from 1 */
};

static guint32 hash_of(const char *at, gsize length)
{
	guint32 hash = 2166136261u;

	for (gsize i = 0; i < length; i++)
		hash = (hash ^ (guint8)at[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static void counter_init(struct counter *counter)
{
	guint count = counter->words->texts->len;
	guint32 size = 1024;

	while (size < count * 2)
		size *= 2;
	counter->mask = size - 1;
	counter->slots = g_new0(guint32, size);
	counter->filter = g_new0(guint64, ((gsize)1 << FILTER_BITS) / 64);
	counter->frequencies = g_new0(guint, count + 1);
	counter->last = g_new0(guint, count + 1);
	for (guint i = 0; i < count; i++) {
		const char *text = words_text(counter->words, i);
		guint32 hash = hash_of(text, strlen(text)), slot = hash & counter->mask;
		guint32 bit = hash & ((1u << FILTER_BITS) - 1);

		while (counter->slots[slot])
			slot = (slot + 1) & counter->mask;
		counter->slots[slot] = i + 1;
		counter->filter[bit / 64] |= (guint64)1 << bit % 64;
	}
}

static void count(struct counter *counter, const char *at, gsize length)
{
	guint32 hash = hash_of(at, length), bit = hash & ((1u << FILTER_BITS) - 1);
	guint32 number;

	if (!(counter->filter[bit / 64] >> bit % 64 & 1))
		return;
	for (guint32 slot = hash & counter->mask; (number = counter->slots[slot]);
	     slot = (slot + 1) & counter->mask) {
		const char *text = words_text(counter->words, number - 1);

		if (strncmp(text, at, length) || text[length])
			continue;
		if (counter->last[number - 1] != counter->file) {
			counter->last[number - 1] = counter->file;
			counter->frequencies[number - 1]++;
		}
		return;
	}
}

static void count_line(struct counter *counter, const char *at, const char *end)
{
	const char *start = at;

	while (at < end) {
		if (!g_ascii_isalnum(*at) && *at != '_') {
			at++;
			continue;
		}
		const char *word = at;
		while (at < end && (g_ascii_isalnum(*at) || *at == '_'))
			at++;
		count(counter, word, at - word);
	}
	while (start < end && g_ascii_isspace(*start))
		start++;
	while (end > start && g_ascii_isspace(end[-1]))
		end--;
	if (end > start)
		count(counter, start, end - start);
}

static void count_file(struct counter *counter, const char *path)
{
	g_autoptr(GBytes) bytes = files_map(path, NULL);
	gsize size = 0;

	if (!bytes)
		return;
	const char *at = g_bytes_get_data(bytes, &size), *end = at + size;
	counter->file++;
	while (at < end) {
		const char *newline = memchr(at, '\n', end - at);
		const char *line_end = newline ? newline : end;

		count_line(counter, at, line_end);
		at = newline ? newline + 1 : end;
	}
}

/* What is not the kernel's own code would only blur the figures. */
static gboolean is_other(const FTSENT *entry)
{
	static const char *const others[] = {"Documentation", "LICENSES", "samples", "tools", NULL};

	return entry->fts_level == 1 && g_strv_contains(others, entry->fts_name);
}

static gboolean is_source(const char *name)
{
	gsize length = strlen(name);

	return length > 2 && name[length - 2] == '.' && strchr("chS", name[length - 1]);
}

guint *words_frequencies(const struct words *words, const char *tree)
{
	struct counter counter = {.words = words};
	char *const roots[] = {(char *)tree, NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	FTSENT *entry;

	counter_init(&counter);
	while (walk && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_D && is_other(entry))
			fts_set(walk, entry, FTS_SKIP);
		else if (entry->fts_info != FTS_D && entry->fts_info != FTS_DP &&
			 is_source(entry->fts_name) && entry->fts_info != FTS_SL)
			count_file(&counter, entry->fts_path);
	}
	if (walk)
		fts_close(walk);
	g_free(counter.slots);
	g_free(counter.filter);
	g_free(counter.last);
	return counter.frequencies;
}
