/*
 * Ties by words: what stands in one declaration, defines a name and uses it, or has a rare name in
 * common.
 */
#include "release/tying.h"

#include <string.h>

/*
 * As rare must be what ties parts of different files of a module or directory.  From 6.1.190 to
 * 6.1.192 ten instead of five makes a seventeenth less changes; with more, drivers of one module
 * become one change each.
 */
#define SPECIFIC 10

/*
 * What stands so often in a file, and three times as often as in its changed lines, is what the
 * file deals with everyday, unless no other file to speak of has it.
 */
#define EVERYDAY 12
#define OWN	 3

/* --- one declaration -------------------------------------------------------------------------- */

/* Whether two parts of one declaration are one change: members of a type stand for themselves. */
static gboolean are_one(const struct tying *tying, const struct posting *one,
			const struct posting *other)
{
	return !(one->use->flags & other->use->flags & USE_TYPE) ||
	       tying_part(tying, one->part)->frame || tying_part(tying, other->part)->frame;
}

void tie_scopes(struct tying *tying, guint word, const GArray *postings)
{
	for (guint i = 0; i < postings->len; i++) {
		const struct posting *one = &g_array_index(postings, struct posting, i);

		for (guint j = i + 1; j < postings->len && one->use->flags & USE_SCOPE; j++) {
			const struct posting *other = &g_array_index(postings, struct posting, j);

			if (other->use->flags & USE_SCOPE &&
			    tying_same_file(tying, one->part, other->part) &&
			    are_one(tying, one, other))
				tying_join(tying, one->part, other->part, "both are in %s",
					   words_text(tying->words, word));
		}
	}
}

/* --- definitions and their uses ----------------------------------------------------------------
 */

/* One that goes in one place and comes in another was moved: changed, for those who see it. */
static enum fate fate_among(const struct tying *tying, const struct posting *definition,
			    const GArray *postings)
{
	enum fate fate = use_fate(definition->use);

	for (guint i = 0; i < postings->len; i++) {
		const struct posting *other = &g_array_index(postings, struct posting, i);

		if (use_defines(other->use) && use_fate(other->use) != fate &&
		    (tying_reaches(tying, definition, other) ||
		     tying_reaches(tying, other, definition)))
			return FATE_CHANGED;
	}
	return fate;
}

/* Whether a part's file names a type that another part stands in, which may have no name. */
static gboolean mentions_scope(const struct tying *tying, guint user, guint part)
{
	const GArray *uses = tying_part(tying, part)->uses;
	gboolean named = FALSE;

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);

		if (!(use->flags & USE_SCOPE))
			continue;
		if (tying_mentions(tying, tying_path(tying, user),
				   words_text(tying->words, use->word)))
			return TRUE;
		named = TRUE;
	}
	return !named;
}

/* A rare word means the same everywhere; of a common one the kind must agree. */
static gboolean same_kind(const struct tying *tying, guint word, const struct posting *definition,
			  const struct posting *user)
{
	if (tying->frequencies[word] <= RARE)
		return TRUE;
	if (definition->use->flags & DEFINES_MEMBER && user->use->flags & USE_MEMBER)
		return mentions_scope(tying, user->part, definition->part);
	return definition->use->flags & DEFINES_OTHER && user->use->flags & (USE_NAMED | USE_TAG);
}

static void tie_definition(struct tying *tying, guint word, const struct posting *definition,
			   const GArray *postings)
{
	enum fate fate = fate_among(tying, definition, postings);

	for (guint i = 0; i < postings->len; i++) {
		const struct posting *user = &g_array_index(postings, struct posting, i);

		if (user->part != definition->part && use_follows(user->use, fate) &&
		    same_kind(tying, word, definition, user) &&
		    tying_reaches(tying, definition, user))
			tying_join(tying, definition->part, user->part,
				   "one defines %s for the other", words_text(tying->words, word));
	}
}

void tie_definitions(struct tying *tying, guint word, const GArray *postings)
{
	for (guint i = 0; i < postings->len; i++) {
		const struct posting *posting = &g_array_index(postings, struct posting, i);

		if (use_defines(posting->use))
			tie_definition(tying, word, posting, postings);
	}
}

/* --- names that macros paste --------------------------------------------------------------------
 */

/* A name that is defined, and a use of its first or last components near by: a macro may paste it
 * (flow_flag_test(flow, PEER), DEVICE_ATTR_RO(state)). */
static void tie_component(struct tying *tying, const struct posting *definition, const char *name,
			  const char *component, gsize length)
{
	g_autofree char *text = g_strndup(component, length);
	gpointer known = g_hash_table_lookup(tying->words->numbers, text);
	guint word = GPOINTER_TO_UINT(known) - 1;

	/* Of a word that no changed line has there is nothing to tie. */
	if (!known || length < 2 || !tying->postings[word])
		return;
	for (guint i = 0; i < tying->postings[word]->len; i++) {
		const struct posting *user =
			&g_array_index(tying->postings[word], struct posting, i);

		if (user->part != definition->part && user->use->flags & USE_ARGUMENT &&
		    !use_defines(user->use) && use_follows(user->use, use_fate(definition->use)) &&
		    tying_are_near(tying, definition->part, user->part))
			tying_join(tying, definition->part, user->part,
				   "one may define %s by a macro for the other", name);
	}
}

void tie_pasted(struct tying *tying, guint word, const GArray *postings)
{
	const char *name = words_text(tying->words, word);

	for (guint i = 0; i < postings->len; i++) {
		const struct posting *posting = &g_array_index(postings, struct posting, i);

		if (!use_defines(posting->use) || strchr(name, '/'))
			continue;
		for (const char *at = strchr(name, '_'); at; at = strchr(at + 1, '_')) {
			tie_component(tying, posting, name, name, at - name);
			tie_component(tying, posting, name, at + 1, strlen(at + 1));
		}
	}
}

/* --- what is rare ----------------------------------------------------------------------------- */

/* How rare a word must be to say that two parts are about the same. */
static guint most_files(const struct tying *tying, guint one, guint other)
{
	return tying_same_file(tying, one, other) ? RARE : SPECIFIC;
}

/* Whether a function prints, by its name: that two parts call it says nothing of either. */
static gboolean prints(const char *name)
{
	static const char *const ends[] = {"_dbg", "_dbg_once", "_dbg_ratelimited", "_printk"};

	for (gsize i = 0; i < G_N_ELEMENTS(ends); i++)
		if (g_str_has_suffix(name, ends[i]))
			return TRUE;
	return g_str_has_prefix(name, "WARN_") || g_str_has_prefix(name, "BUG_");
}

/* Whether a lock is meant, by its name: who takes one does so for others who do. */
static gboolean locks(const char *name)
{
	static const char *const kinds[] = {"lock", "mutex", "sem"};
	g_autofree char *lower = g_ascii_strdown(name, -1);

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strstr(lower, kinds[i]))
			return TRUE;
	return FALSE;
}

/* Whether a word is everywhere in the file of a part and only a little of that changes. */
static gboolean is_everyday(const struct tying *tying, guint word, guint part,
			    const GArray *postings)
{
	const char *name = words_text(tying->words, word);
	guint changed = 0, all;

	if (tying->frequencies[word] <= OWN || locks(name))
		return FALSE;
	for (guint i = 0; i < postings->len; i++) {
		const struct posting *posting = &g_array_index(postings, struct posting, i);

		if (posting->use->flags & USE_LINE)
			return FALSE;
		if (tying_same_file(tying, posting->part, part))
			changed += MAX(posting->use->added, posting->use->removed);
	}
	all = tying_mentions(tying, tying_path(tying, part), name);
	return all >= EVERYDAY && changed * 3 < all;
}

/* Whether a rare word says that two parts are about the same.  One everyday word of their file does
 * not; a second one does. */
static gboolean is_telling(const struct tying *tying, guint word, const struct posting *one,
			   const struct posting *other, const GArray *postings)
{
	static const guint wanted = USE_NAMED | USE_MEMBER | USE_LINE;
	gsize pair = (gsize)one->part * tying->parts->len + other->part;

	if (!(one->use->flags & wanted) || !(other->use->flags & wanted) ||
	    tying->frequencies[word] > most_files(tying, one->part, other->part) ||
	    !tying_are_near(tying, one->part, other->part) ||
	    (!(one->use->flags & USE_LINE) && prints(words_text(tying->words, word))))
		return FALSE;
	return !tying_same_file(tying, one->part, other->part) ||
	       !is_everyday(tying, word, one->part, postings) ||
	       !g_hash_table_add(tying->everyday, GSIZE_TO_POINTER(pair));
}

void tie_rare(struct tying *tying, guint word, const GArray *postings)
{
	for (guint i = 0; i < postings->len && tying->frequencies[word] <= RARE; i++) {
		const struct posting *one = &g_array_index(postings, struct posting, i);

		for (guint j = i + 1; j < postings->len; j++) {
			const struct posting *other = &g_array_index(postings, struct posting, j);

			if (tying_find(tying->ties, one->part) !=
				    tying_find(tying->ties, other->part) &&
			    is_telling(tying, word, one, other, postings))
				tying_join(tying, one->part, other->part, "both have %s",
					   words_text(tying->words, word));
		}
	}
}
