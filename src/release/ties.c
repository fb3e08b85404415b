/*
 * What needs what is read off the words of changed lines, so it is a guess to the safe side: parts
 * that only look as if they needed each other are one change, too.  A change that is too big costs
 * coverage; one that is too small would ship half a fix.
 *
 * How often a word stands in the tree says what it is worth.  A definition and its uses are told by
 * where the definition can be seen; beyond that only rare words tie.
 */
#include "release/ties.h"

#include "release/tying.h"

typedef void tie_function(struct tying *tying, guint word, const GArray *postings);

static void tie_words(struct tying *tying)
{
	/* The surest first: they are what people read. */
	static tie_function *const kinds[] = {tie_scopes, tie_definitions, tie_callers, tie_rare,
					      tie_pasted};

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		for (guint word = 0; word < tying->words->texts->len; word++)
			if (tying->postings[word])
				kinds[i](tying, word, tying->postings[word]);
}

static void tie_clear(struct tie *tie)
{
	g_free(tie->why);
}

struct ties *ties_find(const GPtrArray *parts, const struct words *words, const guint *frequencies,
		       const char *patched_tree, struct built *built)
{
	struct ties *ties = g_new0(struct ties, 1);
	struct tying tying = {.parts = parts,
			      .words = words,
			      .frequencies = frequencies,
			      .patched_tree = patched_tree,
			      .built = built,
			      .ties = ties};

	ties->change = g_new(guint, parts->len + 1);
	ties->joined = g_array_new(FALSE, FALSE, sizeof(struct tie));
	g_array_set_clear_func(ties->joined, (GDestroyNotify)tie_clear);
	for (guint i = 0; i < parts->len; i++)
		ties->change[i] = i;
	tying_begin(&tying);
	tie_words(&tying);
	tie_files(&tying);
	tie_counters(&tying);
	tie_left_to(&tying);
	tie_idle(&tying);
	for (guint i = 0; i < parts->len; i++)
		ties->change[i] = tying_find(ties, i);
	tying_clear(&tying);
	return ties;
}

void ties_free(struct ties *ties)
{
	g_array_unref(ties->joined);
	g_free(ties->change);
	g_free(ties);
}
