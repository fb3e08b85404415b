/*
 * A function without an fentry site (notrace, noinstr, or compiled without -pg) can't be taken over
 * by ftrace.  Its callers are replaced instead and call a copy of the new one.  They may have no
 * site either: so until nothing more is found.
 *
 * Who calls it in other units can't be seen here.  So what they can call is not done in this way,
 * unless who asks for the comparison looks for those callers and has their units compared too.
 *
 * Where the callers can't stand in for it (its address is taken, say) a kprobe takes the function
 * over, if it may lie there.
 */
#include <string.h>

#include "diff/comparison.h"

#define PROMOTE_HINT                                                                               \
	"make the change in a function that can be traced (one that is listed in "                 \
	"/sys/kernel/tracing/available_filter_functions)"

/* changed: why, or NULL if that is told elsewhere. */
static void refuse_untraceable(struct comparison *comparison, const struct entity *entity,
			       const char *changed, const char *why)
{
	g_autofree char *what =
		g_strdup_printf("function %s can't be replaced", entity->symbol->name);

	refuse(comparison, entity->symbol, what, PROMOTE_HINT,
	       "%s, but it has no fentry site, and %s", changed ? changed : "it changed", why);
}

/* Another name by which other units can call a function, or NULL. */
static const char *other_name(const struct side *side, const struct entity *function)
{
	for (guint i = 0; i < side->count; i++) {
		const struct entity *entity = &side->entities[i];

		if (entity->kind == ENTITY_ALIAS && entity->body == function && entity->global)
			return entity->symbol->name;
	}
	return NULL;
}

/* Why callers in other units can't be found by a function's name; NULL if they can.  Caller frees.
 */
static char *obstacle_elsewhere(const struct comparison *comparison, const struct entity *original)
{
	const char *other = other_name(comparison->original, original);

	if (!comparison->intent || !comparison->intent->spread)
		return g_strdup("other files can call it");
	if (!other)
		other = other_name(comparison->patched, original->twin);
	if (other)
		return g_strdup_printf("other files can call it as %s", other);
	if (original->symbol->binding != STB_GLOBAL ||
	    original->twin->symbol->binding != STB_GLOBAL)
		return g_strdup("other files can call it, or another definition of that name");
	return NULL;
}

/* What uses a function as no caller would that can be replaced; NULL if nothing does.  *called is
 * set if it is called by what can.  Caller frees. */
static char *obstacle_here(const struct comparison *comparison, const struct entity *original,
			   gboolean *called)
{
	const struct use *taken = side_address_use(original);
	const struct entity *taker = taken ? use_owner(taken) : NULL;

	if (taken)
		return g_strdup_printf("its address is taken by %s",
				       taker ? taker->symbol->name : taken->section->name);
	for (guint i = 0; original->uses && i < original->uses->len; i++) {
		const struct use *use = &g_array_index(original->uses, struct use, i);
		const struct entity *owner = use_owner(use);

		if (!use->branch || owner == original)
			continue;
		if (!owner || owner->kind != ENTITY_FUNCTION)
			return g_strdup("code outside of any function calls it");
		*called |= !section_has_run(comparison, owner->symbol->section);
	}
	return NULL;
}

/* Why the callers can't stand in for a function; NULL if they can.  Caller frees. */
static char *obstacle(const struct comparison *comparison, const struct entity *original)
{
	gboolean called = FALSE;
	char *why = original->global ? obstacle_elsewhere(comparison, original) : NULL;

	if (!why)
		why = obstacle_here(comparison, original, &called);
	if (!why && !called && !original->global)
		why = g_strdup("nothing that could be replaced instead calls it");
	return why;
}

/* ---- kprobes ---- */

/* Whether NOKPROBE_SYMBOL() names a function. */
static gboolean is_blacklisted(const struct entity *original)
{
	for (guint i = 0; original->uses && i < original->uses->len; i++)
		if (!strcmp(g_array_index(original->uses, struct use, i).section->name,
			    "_kprobe_blacklist"))
			return TRUE;
	return FALSE;
}

/* What has a section of its own by the source (.noinstr.text, .entry.text, .sched.text, .exit.text)
 * may run where no kprobe can, or not for as long as the object is there. */
static gboolean may_be_probed(const struct comparison *comparison, const struct entity *original)
{
	const char *section = original->symbol->section->name;

	return comparison->intent && comparison->intent->probes && !is_blacklisted(original) &&
	       (!strcmp(section, ".text") || g_str_has_prefix(section, ".text."));
}

static gboolean callers_can(const struct comparison *comparison, const struct entity *original,
			    GHashTable *seen);

/* Whether a function is replaced, or callers can be in its stead. */
static gboolean is_replaceable(const struct comparison *comparison, const struct entity *original,
			       GHashTable *seen)
{
	const struct entity *patched = original->twin;

	return original->has_site ||
	       (patched->why && !patched->promoted && may_be_probed(comparison, original)) ||
	       callers_can(comparison, original, seen);
}

/* Whether all callers of a function can be replaced, or theirs if they have no site either.
 * seen: of those that were asked for. */
static gboolean callers_can(const struct comparison *comparison, const struct entity *original,
			    GHashTable *seen)
{
	g_autofree char *why = NULL;

	if (!g_hash_table_add(seen, (gpointer)original))
		return TRUE;
	why = obstacle(comparison, original);
	for (guint i = 0; !why && original->uses && i < original->uses->len; i++) {
		const struct entity *caller =
			use_owner(&g_array_index(original->uses, struct use, i));

		if (caller && caller->twin &&
		    !section_has_run(comparison, caller->symbol->section) &&
		    !is_replaceable(comparison, caller, seen))
			return FALSE;
	}
	return !why;
}

static gboolean is_to_be_probed(const struct comparison *comparison, const struct entity *original)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

	if (!may_be_probed(comparison, original))
		return FALSE;
	return (comparison->intent->probed &&
		g_hash_table_contains(comparison->intent->probed, original->symbol->name)) ||
	       !callers_can(comparison, original, seen);
}

/* Another replaced function that a function calls directly, in one of its parts; NULL if there is
 * none. */
static const struct entity *replaced_callee(const struct comparison *comparison,
					    const struct entity *function,
					    const struct entity *part)
{
	const struct symbol *symbol = part->symbol;
	guint count;
	const struct reference *references =
		side_references(comparison->original, symbol->section, symbol->value,
				symbol->value + symbol->size, &count);

	for (guint i = 0; i < count; i++) {
		const struct entity *callee = references[i].entity;
		const struct entity *patched =
			callee && callee->kind == ENTITY_FUNCTION ? callee->twin : NULL;

		if (references[i].branch && patched && patched->why && !patched->is_copied &&
		    callee != function)
			return callee;
	}
	return part->cold ? replaced_callee(comparison, function, part->cold) : NULL;
}

/* The transition does not see who sleeps in a function that has a kprobe only. */
static void check_probed(struct comparison *comparison, const struct entity *patched)
{
	const struct entity *callee = replaced_callee(comparison, patched->twin, patched->twin);

	if (callee)
		refuse(comparison, patched->symbol, "a kprobe is not enough for a function",
		       PROMOTE_HINT,
		       "%s has no fentry site, and a task that is in the original would call the "
		       "new %s",
		       patched->symbol->name, callee->symbol->name);
}

/* ---- callers ---- */

static void replace_callers(const struct comparison *comparison, const struct entity *original,
			    GQueue *changed)
{
	for (guint i = 0; original->uses && i < original->uses->len; i++) {
		struct entity *caller = use_owner(&g_array_index(original->uses, struct use, i));

		/* A caller that has no twin is gone; its own callers have changed. */
		if (!caller || !caller->twin || caller->twin->why ||
		    section_has_run(comparison, caller->symbol->section))
			continue;
		caller->twin->why = g_strdup_printf("calls %s, which has no fentry site",
						    original->symbol->name);
		caller->twin->promoted = TRUE;
		g_queue_push_tail(changed, caller->twin);
	}
}

static void list_copy(const struct comparison *comparison, const struct entity *patched)
{
	struct diff_copy *copy = g_new(struct diff_copy, 1);

	*copy = (struct diff_copy){
		.original = patched->twin->symbol,
		.may_be_probed = !patched->promoted && may_be_probed(comparison, patched->twin),
		.why = g_strdup(patched->why),
	};
	g_ptr_array_add(comparison->diff->copied, copy);
}

static void promote(struct comparison *comparison, struct entity *patched, GQueue *changed)
{
	const struct entity *original = patched->twin;
	g_autofree char *why = NULL;

	if (original->has_site)
		return;
	if (is_to_be_probed(comparison, original)) {
		patched->is_probed = TRUE;
		note(comparison,
		     "%s has no fentry site: a kprobe, a trap at each call, leads to the new one "
		     "(%s)",
		     patched->symbol->name, patched->why);
		return;
	}
	why = obstacle(comparison, original);
	if (why) {
		refuse_untraceable(comparison, patched, patched->why, why);
		return;
	}
	note(comparison, "%s has no fentry site: its callers are replaced, with a copy of it (%s)",
	     patched->symbol->name, patched->why);
	patched->is_copied = TRUE;
	list_copy(comparison, patched);
	replace_callers(comparison, original, changed);
}

/* What another unit defines: those that call it here. */
static void promote_foreign(struct comparison *comparison, const struct entity *foreign,
			    GQueue *changed)
{
	gboolean called = FALSE;
	g_autofree char *why = obstacle_here(comparison, foreign, &called);

	if (why)
		refuse_untraceable(comparison, foreign, NULL, why);
	else
		replace_callers(comparison, foreign, changed);
}

static gboolean is_spread(const struct comparison *comparison, const struct entity *entity)
{
	return entity->kind == ENTITY_FOREIGN && comparison->intent && comparison->intent->spread &&
	       g_hash_table_contains(comparison->intent->spread, entity->symbol->name);
}

void promote_callers(struct comparison *comparison)
{
	GQueue changed = G_QUEUE_INIT;

	for (guint i = 0; i < comparison->patched->count; i++)
		if (comparison->patched->entities[i].why)
			g_queue_push_tail(&changed, &comparison->patched->entities[i]);
	for (guint i = 0; i < comparison->original->count; i++)
		if (is_spread(comparison, &comparison->original->entities[i]))
			promote_foreign(comparison, &comparison->original->entities[i], &changed);
	while (!g_queue_is_empty(&changed))
		promote(comparison, g_queue_pop_head(&changed), &changed);
	for (guint i = 0; i < comparison->patched->count; i++)
		if (comparison->patched->entities[i].is_probed)
			check_probed(comparison, &comparison->patched->entities[i]);
}
