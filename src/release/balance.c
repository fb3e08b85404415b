/*
 * What is taken must be given back: a part that takes a reference more than before, say, and one of
 * the same file that gives one more back are likely two halves, even if no name says so.  Parts of
 * one kind do not need each other: a reference that was leaked is given back by one part alone.
 */
#include <string.h>

#include "release/cutting.h"

#define MOST 6

/* Pairs by name; the others are only counted. */
enum { REFERENCES, LOCKS };

static const struct {
	const char *takes[MOST], *gives[MOST];
	gboolean lives; /* what is taken is kept by an object, not only while a function runs */
} pairs[] = {
	[REFERENCES] = {{"get", "hold", "inc", "ref", "grab", "mmgrab"},
			{"put", "dec", "unref", "release", "drop", "mmdrop"},
			TRUE},
	[LOCKS] = {{"lock", "down"}, {"unlock", "up"}, FALSE},
	{{"alloc", "kmalloc", "kzalloc", "kcalloc", "kmemdup"},
	 {"free", "kfree", "kvfree", "vfree"},
	 TRUE},
	{{"register"}, {"unregister", "deregister"}, TRUE},
	{{"enable"}, {"disable"}, FALSE},
	{{"map"}, {"unmap"}, FALSE},
	{{"add"}, {"del", "remove"}, TRUE},
	{{"start", "begin"}, {"stop", "end"}, FALSE},
	{{"wait"}, {"wake"}, FALSE},
};

static gboolean is_among(const char *const *names, const char *name, gsize length)
{
	for (gsize i = 0; i < MOST && names[i]; i++)
		if (strlen(names[i]) == length && !memcmp(names[i], name, length))
			return TRUE;
	return FALSE;
}

/* 1 if a function of this name takes, -1 if it gives back, by what the name is composed of, and
 * where the piece of it that says so stands. */
static gint direction_at(gsize pair, const struct word *word, guint *before, guint *behind)
{
	for (guint at = 0; at < word->length;) {
		const char *name = word->at + at;
		const char *end = memchr(name, '_', word->length - at);
		gsize length = end ? (gsize)(end - name) : word->length - at;

		*before = at;
		*behind = at + length;
		if (is_among(pairs[pair].takes, name, length))
			return 1;
		if (is_among(pairs[pair].gives, name, length))
			return -1;
		at += length + 1;
	}
	return 0;
}

static gint direction(gsize pair, const struct word *word)
{
	guint before, behind;

	return direction_at(pair, word, &before, &behind);
}

gboolean word_gives_back(const struct word *gives, const struct word *takes)
{
	guint before, behind, other_before, other_behind;

	if (direction_at(REFERENCES, takes, &other_before, &other_behind) <= 0 ||
	    direction_at(REFERENCES, gives, &before, &behind) >= 0 || before != other_before ||
	    memcmp(gives->at, takes->at, before))
		return FALSE;
	/* "kref_get_unless_zero" is given back by "kref_put", "get_box" by "put_box" alone. */
	return before ||
	       (gives->length - behind == takes->length - other_behind &&
		!memcmp(gives->at + behind, takes->at + other_behind, gives->length - behind));
}

gint word_takes(const struct word *word)
{
	gint taken = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(pairs) && !taken && word->flags & WORD_CALLED; i++)
		taken = pairs[i].lives ? direction(i, word) : 0;
	return taken;
}

gint word_locks(const struct word *word)
{
	return word->flags & WORD_CALLED ? direction(LOCKS, word) : 0;
}

static void count(struct part *part, guint pair, guint subject, gint change)
{
	struct balance balance = {pair, subject, change};

	for (guint i = 0; i < part->balances->len; i++) {
		struct balance *known = &g_array_index(part->balances, struct balance, i);

		if (known->pair == pair && known->subject == subject) {
			known->taken += change;
			return;
		}
	}
	g_array_append_val(part->balances, balance);
}

/* What a call is about is the first name of its arguments. */
static void count_call(struct cutting *cutting, guint side, guint call)
{
	const GArray *words = cutting->outlines[side]->words;
	const struct word *word = &g_array_index(words, struct word, call), *subject = word + 1;
	struct part *part = cutting_part_of(cutting, side, word->line);

	if (!part || part->idle)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
		gint taken = direction(i, word);

		if (taken)
			count(part, i, words_number(cutting->words, subject->at, subject->length),
			      side == PATCHED ? taken : -taken);
	}
}

void cutting_read_balances(struct cutting *cutting)
{
	for (guint side = 0; side < SIDES; side++) {
		const GArray *words = cutting->outlines[side]->words;

		for (guint i = 0; i + 1 < words->len; i++)
			if (g_array_index(words, struct word, i).flags & WORD_CALLED)
				count_call(cutting, side, i);
	}
}

gboolean balances_are_opposite(const struct part *one, const struct part *other)
{
	for (guint i = 0; i < one->balances->len; i++) {
		const struct balance *first = &g_array_index(one->balances, struct balance, i);

		for (guint j = 0; j < other->balances->len; j++) {
			const struct balance *second =
				&g_array_index(other->balances, struct balance, j);

			if (first->pair == second->pair && first->subject == second->subject &&
			    first->taken * second->taken < 0)
				return TRUE;
		}
	}
	return FALSE;
}
