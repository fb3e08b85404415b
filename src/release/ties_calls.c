/*
 * Ties by calls: a changed meaning goes with those who rely on it.
 */
#include "release/tying.h"

#include <string.h>

/*
 * A word in more files than this is the name of a variable like many others ("err", "skb"): that
 * two functions both have it says nothing.
 */
#define COMMON 300

/* --- callers ---------------------------------------------------------------------------------- */

/* A word of the language says nothing of what a part is about. */
static gboolean says_nothing(const char *word)
{
	static const char *const language[] = {
		"NULL",	    "bool",   "break",	"case",	 "char",     "const",  "continue",
		"default",  "do",     "else",	"enum",	 "extern",   "false",  "for",
		"goto",	    "if",     "inline", "int",	 "long",     "return", "short",
		"signed",   "size_t", "sizeof", "s16",	 "s32",	     "s64",    "s8",
		"static",   "struct", "switch", "true",	 "typedef",  "typeof", "u16",
		"u32",	    "u64",    "u8",	"union", "unsigned", "void",   "while",
		"volatile", NULL};

	return g_strv_contains(language, word);
}

/* Whether two parts are about a word that the changed lines of both have: it is not common, or it
 * comes or goes in both and is no local variable's. */
static gboolean is_shared(const struct tying *tying, const struct use *use, const struct use *other)
{
	static const guint wanted = USE_NAMED | USE_MEMBER;

	if (!(use->added || use->removed) || !(other->added || other->removed) ||
	    says_nothing(words_text(tying->words, use->word)))
		return FALSE;
	return tying->frequencies[use->word] <= COMMON ||
	       (use->flags & wanted && other->flags & wanted && use->added != use->removed &&
		other->added != other->removed);
}

static gboolean share_words(const struct tying *tying, guint one, guint other)
{
	const GArray *uses = tying_part(tying, one)->uses, *others = tying_part(tying, other)->uses;

	for (guint i = 0, j = 0; i < uses->len && j < others->len;) {
		const struct use *use = &g_array_index(uses, struct use, i);
		const struct use *other_use = &g_array_index(others, struct use, j);

		if (use->word == other_use->word && is_shared(tying, use, other_use))
			return TRUE;
		i += use->word <= other_use->word;
		j += other_use->word <= use->word;
	}
	return FALSE;
}

/* Whether a part begins or ceases to use what another defines: its function may ask something else
 * of its callers, as what it calls does now. */
static gboolean uses_defined(const struct tying *tying, guint part)
{
	const GArray *uses = tying_part(tying, part)->uses;

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);
		const GArray *postings = tying->postings[use->word];

		if (!(use->flags & USE_NAMED) || use->added == use->removed)
			continue;
		for (guint j = 0; j < postings->len; j++) {
			const struct use *other = g_array_index(postings, struct posting, j).use;

			if (other->flags & DEFINES_OTHER && use_defines(other))
				return TRUE;
		}
	}
	return FALSE;
}

/* Whether a part changes what its function answers. */
static gboolean changes_return(const struct tying *tying, guint part)
{
	const GArray *uses = tying_part(tying, part)->uses;

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);

		if ((use->added || use->removed) &&
		    !strcmp(words_text(tying->words, use->word), "return"))
			return TRUE;
	}
	return FALSE;
}

static gboolean changes_word(const struct tying *tying, guint part, const char *const *words)
{
	const GArray *uses = tying_part(tying, part)->uses;

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);

		if (use->added != use->removed &&
		    g_strv_contains(words, words_text(tying->words, use->word)))
			return TRUE;
	}
	return FALSE;
}

/* Whether a caller asks for errors in another form than before, and what it calls answers so. */
static gboolean speak_of_errors(const struct tying *tying, guint user, guint callee)
{
	static const char *const asked[] = {"IS_ERR", "IS_ERR_OR_NULL", "PTR_ERR", NULL};
	static const char *const answers[] = {"ERR_PTR", "ERR_CAST", NULL};

	return changes_word(tying, user, asked) && changes_word(tying, callee, answers);
}

/* Whether one part changes what another part calls: in changed lines, or in others of a function
 * whose change may answer to it: in one file, if a result or what is called changes, or both are
 * about something. */
static gboolean calls(const struct tying *tying, guint word, const struct posting *user,
		      const struct posting *callee)
{
	const struct use *use = user->use;

	/* Who names a type has to do with its members only by their names. */
	if (user->part == callee->part || callee->use->flags & USE_TYPE ||
	    !tying_reaches(tying, callee, user))
		return FALSE;
	if (use->flags & USE_AROUND && tying_same_file(tying, user->part, callee->part) &&
	    (changes_return(tying, callee->part) || uses_defined(tying, callee->part) ||
	     share_words(tying, user->part, callee->part)))
		return TRUE;
	if (use->flags & USE_AROUND && speak_of_errors(tying, user->part, callee->part))
		return TRUE;
	if (!(use->added || use->removed))
		return FALSE;
	/* A function of another file, whose address a table has. */
	if (tying->frequencies[word] <= RARE)
		return use->flags & (USE_NAMED | USE_PLAIN);
	return use->flags & USE_NAMED && tying_are_near(tying, user->part, callee->part);
}

/* Ties who names a word to a part that stands in what it names. */
static void tie_callee(struct tying *tying, guint word, const struct posting *callee,
		       const GArray *users)
{
	for (guint i = 0; i < users->len; i++) {
		const struct posting *user = &g_array_index(users, struct posting, i);

		if (calls(tying, word, user, callee))
			tying_join(tying, callee->part, user->part,
				   "one changes %s, the other has to do with it",
				   words_text(tying->words, word));
	}
}

/* The same of who calls x() where __x() answers with errors in another form. */
static void tie_behind(struct tying *tying, guint word, const struct posting *callee)
{
	const char *name = words_text(tying->words, word);
	gpointer number = NULL;

	if (g_str_has_prefix(name, "__"))
		number = g_hash_table_lookup(tying->words->numbers, name + strlen("__"));
	if (!number)
		return;
	const GArray *users = tying->postings[GPOINTER_TO_UINT(number) - 1];
	for (guint i = 0; i < users->len; i++) {
		const struct posting *user = &g_array_index(users, struct posting, i);

		if (user->use->flags & USE_AROUND && user->part != callee->part &&
		    speak_of_errors(tying, user->part, callee->part))
			tying_join(tying, callee->part, user->part,
				   "one asks %s for errors as the other answers",
				   words_text(tying->words, word));
	}
}

void tie_callers(struct tying *tying, guint word, const GArray *postings)
{
	for (guint i = 0; i < postings->len; i++) {
		const struct posting *callee = &g_array_index(postings, struct posting, i);

		if (!(callee->use->flags & USE_SCOPE))
			continue;
		tie_callee(tying, word, callee, postings);
		tie_behind(tying, word, callee);
	}
}

/* --- through members ------------------------------------------------------------------------ */

/* Whether a part stands in a function that is called through a member, by its name:
 * driver_wait_until_sent() is what drivers wait_until_sent by. */
static gboolean implements(const struct tying *tying, guint part, guint member)
{
	const GArray *uses = tying_part(tying, part)->uses;
	g_autofree char *end = g_strconcat("_", words_text(tying->words, member), NULL);

	for (guint i = 0; i < uses->len; i++) {
		const struct use *use = &g_array_index(uses, struct use, i);

		if (use->flags & USE_SCOPE &&
		    g_str_has_suffix(words_text(tying->words, use->word), end))
			return TRUE;
	}
	return FALSE;
}

/* Who gives up what it did around a call, and whom it calls. */
void tie_left_to(struct tying *tying)
{
	for (guint i = 0; i < tying->parts->len; i++) {
		const GArray *left_to = tying_part(tying, i)->left_to;

		for (guint j = 0; j < left_to->len; j++) {
			guint member = g_array_index(left_to, guint, j);

			for (guint k = 0; k < tying->parts->len; k++)
				if (k != i && tying_are_near(tying, i, k) &&
				    implements(tying, k, member))
					tying_join(tying, MIN(i, k), MAX(i, k),
						   "one gives up what it did around %s, which the "
						   "other implements",
						   words_text(tying->words, member));
		}
	}
}
