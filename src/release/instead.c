/*
 * Calls that take the place of one with nearly the same name: what is there already was treated, or
 * is waited for, as the former one does.
 */
#include <string.h>

#include "release/cutting.h"
#include "release/functions.h"

struct instead {
	const struct cutting *cutting;
	gint32 original, patched;
	const struct word *former, *call;
	struct part *relies; /* another one that goes with it, or NULL */
};

static gboolean begins_with(const struct word *word, const char *start, gsize length)
{
	return word->length > length && !memcmp(word->at, start, length);
}

/* Whether a name is that of the other, and these characters behind it. */
static gboolean is_longer_by(const struct word *longer, const struct word *word, const char *by)
{
	gsize length = strlen(by);

	return longer->length == word->length + length &&
	       !memcmp(longer->at, word->at, word->length) &&
	       !memcmp(longer->at + word->length, by, length);
}

/* Whether a name is devm_X of a function X. */
static gboolean is_managed(const struct word *managed, const struct word *word)
{
	static const char prefix[] = "devm_";
	gsize length = strlen(prefix);

	return managed->length == word->length + length && begins_with(managed, prefix, length) &&
	       !memcmp(managed->at + length, word->at, word->length);
}

typedef gboolean call_kind(const struct instead *instead, const struct word *word);

/* The part by which another function that was there begins to make a call of a kind; or NULL. */
static struct part *who_begins(const struct instead *instead, call_kind *is_meant)
{
	const struct outline *original = instead->cutting->outlines[ORIGINAL];
	const struct outline *patched = instead->cutting->outlines[PATCHED];

	for (guint i = 0; i < patched->words->len; i++) {
		const struct word *word = word_at(patched, i);
		struct part *part = is_meant(instead, word)
					    ? cutting_part_of(instead->cutting, PATCHED, word->line)
					    : NULL;
		gint32 function = part ? function_of(patched, word) : NO_FUNCTION;
		gint32 before = function >= 0 && function != instead->patched
					? function_find(original, function_name(patched, function))
					: NO_FUNCTION;

		if (before >= 0 && !function_has(original, before, word, WORD_CALLED))
			return part;
	}
	return NULL;
}

/* Whether two names have a piece in common. */
static gboolean share_a_piece(const struct word *one, const struct word *other)
{
	g_autofree char *first = g_strndup(one->at, one->length);
	g_autofree char *second = g_strndup(other->at, other->length);
	g_auto(GStrv) pieces = g_strsplit(first, "_", -1);
	g_auto(GStrv) others = g_strsplit(second, "_", -1);

	for (gsize i = 0; pieces[i]; i++)
		if (*pieces[i] && g_strv_contains((const char *const *)others, pieces[i]))
			return TRUE;
	return FALSE;
}

static gboolean gives_back(const struct instead *instead, const struct word *word)
{
	return word_takes(word) < 0 && share_a_piece(word, instead->call);
}

/* devm_X where the function called X: the device frees it now, and others do it as well.  Or the
 * other way round: others begin to free what the device does. */
static char *changes_who_frees(struct instead *instead)
{
	const struct word *former = instead->former, *call = instead->call;
	gboolean leaves = is_managed(call, former);

	if (!leaves && !is_managed(former, call))
		return NULL;
	if (!leaves)
		instead->relies = who_begins(instead, gives_back);
	return g_strdup_printf("%.*s is called instead of %.*s, and what is there already is %s "
			       "the device's to free",
			       (int)call->length, call->at, (int)former->length, former->at,
			       leaves ? "not" : "still");
}

/* Who waited no longer than it takes waits now for what may not come: nobody was asked to see to
 * that before. */
static char *waits_without_end(struct instead *instead)
{
	const struct word *former = instead->former, *call = instead->call;

	if (!g_strstr_len(call->at, call->length, "wait") ||
	    !is_longer_by(former, call, "_timeout"))
		return NULL;
	return g_strdup_printf("%.*s is called instead of %.*s, and what is under way already may "
			       "never end",
			       (int)call->length, call->at, (int)former->length, former->at);
}

/* Whether a function makes something ready for others to use, by what its name is composed of. */
static gboolean sets_up(const struct word *word)
{
	static const char *const kinds[] = {"attach",	"connect", "create",  "enable",
					    "init",	"open",	   "prepare", "probe",
					    "register", "setup",   "start"};
	g_autofree char *name = g_strndup(word->at, word->length);
	g_auto(GStrv) pieces = g_strsplit(name, "_", -1);

	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_strv_contains((const char *const *)pieces, kinds[i]))
			return TRUE;
	return FALSE;
}

/* Whether a call is of the same kind, by the first piece of the names. */
static gboolean is_alike(const struct instead *instead, const struct word *word)
{
	const char *end = memchr(instead->call->at, '_', instead->call->length);
	gsize length = end ? (gsize)(end + 1 - instead->call->at) : 0;

	return length && word->flags & WORD_CALLED && begins_with(word, instead->call->at, length);
}

/* What sets an object up leaves to others what it did, or does what they did. */
static char *sets_up_otherwise(struct instead *instead)
{
	const struct outline *original = instead->cutting->outlines[ORIGINAL];
	const struct outline *patched = instead->cutting->outlines[PATCHED];
	const struct word *former = instead->former, *call = instead->call;
	gsize length = MIN(former->length, call->length);
	const struct word *longer = former->length > call->length ? former : call;

	if (memcmp(former->at, call->at, length) || longer->at[length] != '_' || !sets_up(call) ||
	    outline_has(patched, former, WORD_CALLED) || outline_has(original, call, WORD_CALLED))
		return NULL;
	instead->relies = who_begins(instead, is_alike);
	if (!instead->relies)
		return NULL;
	return g_strdup_printf("%.*s is called instead of %.*s, and what is there already was set "
			       "up by the latter",
			       (int)call->length, call->at, (int)former->length, former->at);
}

/* The sentence for a call that is new in its function, if one of the calls that are gone is the one
 * that it stands for. */
static char *stands_for_another(struct instead *instead)
{
	static char *(*const kinds[])(struct instead * instead) = {
		changes_who_frees, waits_without_end, sets_up_otherwise};
	const struct outline *original = instead->cutting->outlines[ORIGINAL];
	const struct outline *patched = instead->cutting->outlines[PATCHED];
	const struct declaration *declaration =
		&g_array_index(original->declarations, struct declaration, instead->original);

	for (guint i = 0; i < declaration->words; i++) {
		char *why = NULL;

		instead->former = word_at(original, declaration->first_word + i);
		if (!(instead->former->flags & WORD_CALLED) ||
		    function_has(patched, instead->patched, instead->former, WORD_CALLED))
			continue;
		for (gsize j = 0; j < G_N_ELEMENTS(kinds) && !why; j++)
			why = kinds[j](instead);
		if (why)
			return why;
	}
	return NULL;
}

static void read_call(struct cutting *cutting, struct part *part, guint number)
{
	const struct outline *original = cutting->outlines[ORIGINAL];
	const struct outline *patched = cutting->outlines[PATCHED];
	const struct word *call = word_at(patched, number);
	struct instead instead = {.cutting = cutting,
				  .original = NO_FUNCTION,
				  .patched = function_of(patched, call),
				  .call = call};

	if (instead.patched >= 0)
		instead.original = function_find(original, function_name(patched, instead.patched));
	if (part->begins || instead.original < 0 ||
	    function_has(original, instead.original, call, WORD_CALLED))
		return;
	part->begins = stands_for_another(&instead);
	if (instead.relies && !instead.relies->begins)
		instead.relies->begins = g_strdup(part->begins);
}

void cutting_find_instead(struct cutting *cutting)
{
	cutting_read_new_calls(cutting, read_call);
}
