/*
 * What a change does at another time in the life of an object than before.  Objects that were made
 * by the functions as they were then meet the new ones, and once the livepatch is disabled the
 * other way round: what was to be done before is missing, or done twice.  No layout tells.
 */
#include <string.h>

#include "release/cutting.h"
#include "release/functions.h"

struct life {
	const struct cutting *cutting;
	gint32 function; /* of the patched side: who begins to do it */
	guint call;	 /* what, a word of the patched side */
};

/* ---- what is done ---- */

static gboolean is_assigned(const struct outline *outline, const struct word *word)
{
	const char *at = word_behind(outline, word);

	return *at == '=' && at[1] != '=';
}

/* The member that the statement of a call assigns its result to, or NULL. */
static const struct word *assigned_member(const struct outline *outline, guint call)
{
	guint32 step = word_at(outline, call)->step;

	for (guint i = call; i > 0 && word_at(outline, i - 1)->step == step; i--) {
		const struct word *word = word_at(outline, i - 1);

		if (word->flags & WORD_MEMBER && is_assigned(outline, word))
			return word;
	}
	return NULL;
}

static gboolean is_allocation(const struct word *word)
{
	return word_takes(word) > 0 && g_strstr_len(word->at, word->length, "alloc");
}

static gboolean takes_reference(const struct word *word)
{
	static const char *const names[] = {
		"dev_hold",	   "dst_hold",	  "get_device",	  "get_net", "get_page",
		"get_task_struct", "kobject_get", "kref_get",	  "mmget",   "mmgrab",
		"netdev_hold",	   "of_node_get", "refcount_inc", "skb_get", "sock_hold",
		"try_module_get",  "usb_get_dev", "pci_dev_get"};

	return word_calls(word, names, G_N_ELEMENTS(names));
}

static gboolean enlists(const struct word *word)
{
	return word->flags & WORD_CALLED && g_strstr_len(word->at, word->length, "list_add");
}

/*
 * What of an object a call makes or ends: the member, or the object itself, that it is given, or
 * the member that gets what it allocates.  NULL for calls of other kinds.
 */
static const struct word *made_or_ended(const struct outline *outline, guint call)
{
	const struct word *word = word_at(outline, call), *member;

	if (!takes_reference(word) && !enlists(word) && !word_initialises(word) &&
	    word_takes(word) >= 0)
		return is_allocation(word) ? assigned_member(outline, call) : NULL;
	member = outline_member_of_call(outline, call);
	if (!member && takes_reference(word) && word[1].flags & WORD_ARGUMENT)
		member = word + 1;
	return member;
}

/* Whether two members are the same as far as their names tell: a name that many have counts with
 * that of the object before it. */
static gboolean same_member(const struct word *one, const struct word *other)
{
	return words_equal(one, other) &&
	       (memchr(one->at, '_', one->length) || words_equal(one - 1, other - 1));
}

/* Whether a word of a function makes or ends a member as that call does.  What allocates it may be
 * another function, and who assigns it may have allocated it before. */
static gboolean word_does(const struct outline *outline, guint number, const struct word *call,
			  const struct word *member)
{
	const struct word *word = word_at(outline, number), *other = NULL;

	if (is_allocation(call))
		return word->flags & WORD_MEMBER && same_member(word, member) &&
		       is_assigned(outline, word);
	if (words_equal(word, call))
		other = made_or_ended(outline, number);
	return other && same_member(other, member);
}

static gboolean function_does(const struct outline *outline, gint32 function,
			      const struct word *call, const struct word *member)
{
	const struct declaration *declaration =
		&g_array_index(outline->declarations, struct declaration, function);

	for (guint i = 0; i < declaration->words; i++)
		if (word_does(outline, declaration->first_word + i, call, member))
			return TRUE;
	return FALSE;
}

/* ---- who did it before ---- */

/* Whether a function that is connected with the one of that name does it now: a part of it that was
 * made a function of its own, say. */
static gboolean is_done_around(const struct life *life, const struct word *name,
			       const struct word *member)
{
	const struct outline *patched = life->cutting->outlines[PATCHED];
	const struct word *call = word_at(patched, life->call);

	for (guint i = 0; i < patched->words->len; i++) {
		gint32 function = word_does(patched, i, call, member)
					  ? function_of(patched, word_at(patched, i))
					  : NO_FUNCTION;

		if (function >= 0 &&
		    functions_call(patched, name, function_name(patched, function)))
			return TRUE;
	}
	return FALSE;
}

/* The function that did it and does it no more, and has nothing to do with the one that begins to.
 */
static const struct word *who_did(const struct life *life, const struct word *member)
{
	const struct outline *original = life->cutting->outlines[ORIGINAL];
	const struct outline *patched = life->cutting->outlines[PATCHED];
	const struct word *call = word_at(patched, life->call);
	const struct word *begins = function_name(patched, life->function);

	for (gint32 i = 0; i < (gint32)original->declarations->len; i++) {
		const struct declaration *declaration =
			&g_array_index(original->declarations, struct declaration, i);
		const struct word *name =
			declaration->named != G_MAXUINT &&
					function_of(original,
						    word_at(original, declaration->named)) == i
				? function_name(original, i)
				: NULL;
		gint32 now = name ? function_find(patched, name) : NO_FUNCTION;

		if (!name || words_equal(name, begins) ||
		    !function_does(original, i, call, member) ||
		    (now >= 0 && (function_does(patched, now, call, member) ||
				  function_has(patched, now, begins, 0))) ||
		    functions_call(original, name, begins) || is_done_around(life, name, member))
			continue;
		return name;
	}
	return NULL;
}

static char *moves(const struct life *life)
{
	const struct outline *original = life->cutting->outlines[ORIGINAL];
	const struct outline *patched = life->cutting->outlines[PATCHED];
	const struct word *call = word_at(patched, life->call);
	const struct word *member = made_or_ended(patched, life->call);
	const struct word *begins = function_name(patched, life->function);
	gint32 before = function_find(original, begins);
	const struct word *who;

	if (!member || (before >= 0 && function_does(original, before, call, member)))
		return NULL;
	who = who_did(life, member);
	return who ? g_strdup_printf("%.*s of %.*s moves from %.*s to %.*s, and objects that are "
				     "there already were treated by the former",
				     (int)call->length, call->at, (int)member->length, member->at,
				     (int)who->length, who->at, (int)begins->length, begins->at)
		   : NULL;
}

/* What a call is given as its first argument: a member, or a variable alone; or NULL. */
static const struct word *subject_of(const struct outline *outline, guint call)
{
	const struct word *member = outline_member_of_call(outline, call);
	const struct word *behind_it = word_at(outline, call) + 1;

	if (member || call + 1 == outline->words->len || !(behind_it->flags & WORD_ARGUMENT))
		return member;
	return behind_it;
}

/* Whether it is taken in some words of a text, as a reference of it. */
static gboolean is_taken(const struct outline *outline, guint first, guint count,
			 const struct word *subject)
{
	for (guint i = first; i < first + count; i++) {
		const struct word *word = word_at(outline, i);
		const struct word *other = takes_reference(word) || (word_takes(word) > 0 &&
								     subject->flags & WORD_MEMBER)
						   ? subject_of(outline, i)
						   : NULL;

		if (other && words_equal(other, subject))
			return TRUE;
	}
	return FALSE;
}

/* How often a function takes something that a call gives back, or (FALSE) gives it back. */
static guint count(const struct outline *outline, gint32 function, const struct word *call,
		   const struct word *subject, gboolean takes)
{
	const struct declaration *declaration =
		&g_array_index(outline->declarations, struct declaration, function);
	guint found = 0;

	for (guint i = 0; i < declaration->words; i++) {
		guint number = declaration->first_word + i;
		const struct word *word = word_at(outline, number), *other = NULL;

		if (word->flags & WORD_CALLED &&
		    (takes ? word_gives_back(call, word) : words_equal(call, word)))
			other = subject_of(outline, number);
		if (other && words_equal(other, subject))
			found++;
	}
	return found;
}

/* How much more often than before, likewise; of a function that was not there before, 0. */
static gint more(const struct life *life, gint32 function, const struct word *subject,
		 gboolean takes)
{
	const struct outline *original = life->cutting->outlines[ORIGINAL];
	const struct outline *patched = life->cutting->outlines[PATCHED];
	const struct word *call = word_at(patched, life->call);
	gint32 before = function_find(original, function_name(patched, function));

	if (before == NO_FUNCTION)
		return 0;
	return (gint)count(patched, function, call, subject, takes) -
	       (gint)count(original, before, call, subject, takes);
}

/* Whether another function begins to take what this one begins to give back, and not only while one
 * runs within the other. */
static gboolean is_taken_by_another(const struct life *life, const struct word *subject)
{
	const struct outline *patched = life->cutting->outlines[PATCHED];
	const struct word *call = word_at(patched, life->call);
	gint32 last = NO_FUNCTION;

	if (more(life, life->function, subject, FALSE) <= 0 ||
	    more(life, life->function, subject, TRUE) > 0)
		return FALSE;
	for (guint i = 0; i < patched->words->len; i++) {
		const struct word *word = word_at(patched, i);
		gint32 function = word->flags & WORD_CALLED && word_gives_back(call, word)
					  ? function_of(patched, word)
					  : NO_FUNCTION;

		if (function >= 0 && function != life->function && function != last &&
		    more(life, function, subject, TRUE) > 0 &&
		    more(life, function, subject, FALSE) <= 0 &&
		    !functions_call(patched, function_name(patched, function),
				    function_name(patched, life->function)))
			return TRUE;
		last = function >= 0 ? function : last;
	}
	return FALSE;
}

/* Whether it is taken now, and was not before. */
static gboolean is_new_to_be_taken(const struct life *life, const struct word *subject)
{
	const struct outline *original = life->cutting->outlines[ORIGINAL];
	const struct outline *patched = life->cutting->outlines[PATCHED];
	const struct declaration *declaration =
		&g_array_index(patched->declarations, struct declaration, life->function);

	return !is_taken(original, 0, original->words->len, subject) &&
	       is_taken(patched, 0, patched->words->len, subject) &&
	       !is_taken(patched, declaration->first_word, declaration->words, subject);
}

/* What is given back that nobody took before: only objects of now have it. */
static char *gives_back_what_is_new(const struct life *life)
{
	const struct outline *patched = life->cutting->outlines[PATCHED];
	const struct word *call = word_at(patched, life->call);
	const struct word *subject = word_takes(call) < 0 ? subject_of(patched, life->call) : NULL;

	if (!subject || (!is_new_to_be_taken(life, subject) && !is_taken_by_another(life, subject)))
		return NULL;
	return g_strdup_printf("%.*s gives back %.*s, which nobody took for objects that are there "
			       "already",
			       (int)call->length, call->at, (int)subject->length, subject->at);
}

static void read_call(struct cutting *cutting, struct part *part, guint call)
{
	const struct outline *patched = cutting->outlines[PATCHED];
	const struct life life = {cutting, function_of(patched, word_at(patched, call)), call};
	const struct word *subject;

	if (part->begins || life.function < 0)
		return;
	part->begins = moves(&life);
	if (part->begins)
		return;
	part->begins = gives_back_what_is_new(&life);
	subject = part->begins ? subject_of(patched, call) : NULL;
	/* If it is new in a header, that is a matter of the layout. */
	if (subject && subject->flags & WORD_MEMBER)
		part->member = words_number(cutting->words, subject->at, subject->length);
}

void cutting_find_moves(struct cutting *cutting)
{
	cutting_read_new_calls(cutting, read_call);
}
