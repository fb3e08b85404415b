/*
 * Members that count: who changes how one is counted belongs to all others of the file who stand in
 * functions that count it, too, however common its name is.
 */
#include <string.h>

#include "release/cutting.h"

static gboolean counts(const struct word *word)
{
	static const char *const kinds[] = {"atomic_", "atomic64_", "kref_", "refcount_"};

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (word->length > strlen(kinds[i]) &&
		    !memcmp(word->at, kinds[i], strlen(kinds[i])))
			return word->flags & WORD_CALLED;
	return FALSE;
}

static gboolean has(const GArray *counters, guint member)
{
	for (guint i = 0; i < counters->len; i++)
		if (g_array_index(counters, guint, i) == member)
			return TRUE;
	return FALSE;
}

static void add(GArray *counters, guint member)
{
	if (!has(counters, member))
		g_array_append_val(counters, member);
}

/* Whether a part has changed lines in a declaration, or stands between two lines of it. */
static gboolean stands_in(const struct outline *outline, guint start, guint count, gint32 owner)
{
	for (guint line = start; line < start + MAX(count, 1) && line < outline->text->count;
	     line++)
		if (outline->owners[line] == owner)
			return TRUE;
	return FALSE;
}

static void add_around(const struct cutting *cutting, guint side, gint32 owner, guint member)
{
	for (guint i = 0; i < cutting->parts->len; i++) {
		struct part *part = g_ptr_array_index(cutting->parts, i);
		gboolean original = side == ORIGINAL;

		if (!part->idle &&
		    stands_in(cutting->outlines[side],
			      original ? part->original_start : part->patched_start,
			      original ? part->original_count : part->patched_count, owner))
			add(part->counters_around, member);
	}
}

static void read_call(struct cutting *cutting, guint side, guint call)
{
	const struct outline *outline = cutting->outlines[side];
	const struct word *word = &g_array_index(outline->words, struct word, call);
	const struct word *argument = outline_member_of_call(outline, call);
	gint32 owner = outline->owners[word->line];
	struct part *part = cutting_part_of(cutting, side, word->line);

	if (!argument)
		return;
	guint member = words_number(cutting->words, argument->at, argument->length);
	if (part && !part->idle)
		add(part->counters, member);
	if (owner >= 0)
		add_around(cutting, side, owner, member);
}

void cutting_read_counters(struct cutting *cutting)
{
	for (guint side = 0; side < SIDES; side++) {
		const GArray *words = cutting->outlines[side]->words;

		for (guint i = 0; i < words->len; i++)
			if (counts(&g_array_index(words, struct word, i)))
				read_call(cutting, side, i);
	}
}

gboolean counts_what_is_around(const struct part *one, const struct part *other)
{
	for (guint i = 0; i < one->counters->len; i++)
		if (has(other->counters_around, g_array_index(one->counters, guint, i)))
			return TRUE;
	return FALSE;
}

gboolean count_the_same(const struct part *one, const struct part *other, const guint *frequencies,
			guint most)
{
	for (guint i = 0; i < one->counters->len; i++) {
		guint member = g_array_index(one->counters, guint, i);

		if (frequencies[member] <= most && has(other->counters, member))
			return TRUE;
	}
	return FALSE;
}
