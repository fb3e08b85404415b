/*
 * A function without an fentry site (notrace, noinstr, or compiled without -pg) can't be taken over
 * by ftrace.  If only code of this unit calls it, its callers are replaced instead and call a
 * private copy of the new one.  They may have no site either: so until nothing more is found.
 */
#include "diff/comparison.h"

#define PROMOTE_HINT                                                                               \
	"make the change in a function that can be traced (one that is listed in "                 \
	"/sys/kernel/tracing/available_filter_functions)"

static void refuse_untraceable(struct comparison *comparison, const struct entity *entity,
			       const char *why)
{
	g_autofree char *what =
		g_strdup_printf("function %s can't be replaced", entity->symbol->name);

	refuse(comparison, entity->symbol, what, PROMOTE_HINT,
	       "%s, but it has no fentry site, and %s", entity->why, why);
}

/* Why the callers can't stand in for a function; NULL if they can.  Caller frees. */
static char *obstacle(const struct entity *original)
{
	const struct use *taken = side_address_use(original);
	const struct entity *taker = taken ? use_owner(taken) : NULL;
	gboolean called = FALSE;

	if (original->global)
		return g_strdup("other files can call it");
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
		called |= !section_is_init(owner->symbol->section);
	}
	return called ? NULL : g_strdup("nothing that could be replaced instead calls it");
}

static void replace_callers(const struct entity *original, GQueue *changed)
{
	for (guint i = 0; i < original->uses->len; i++) {
		struct entity *caller = use_owner(&g_array_index(original->uses, struct use, i));

		/* A caller that has no twin is gone; its own callers have changed.  Code of
		 * .init.text does not run again. */
		if (!caller || !caller->twin || caller->twin->why ||
		    section_is_init(caller->symbol->section))
			continue;
		caller->twin->why = g_strdup_printf("calls %s, which has no fentry site",
						    original->symbol->name);
		g_queue_push_tail(changed, caller->twin);
	}
}

static void promote(struct comparison *comparison, struct entity *patched, GQueue *changed)
{
	const struct entity *original = patched->twin;
	g_autofree char *why = NULL;

	if (original->has_site)
		return;
	why = obstacle(original);
	if (why) {
		refuse_untraceable(comparison, patched, why);
		return;
	}
	note(comparison, "%s has no fentry site: its callers are replaced, with a copy of it (%s)",
	     patched->symbol->name, patched->why);
	patched->is_copied = TRUE;
	replace_callers(original, changed);
}

void promote_callers(struct comparison *comparison)
{
	GQueue changed = G_QUEUE_INIT;

	for (guint i = 0; i < comparison->patched->count; i++)
		if (comparison->patched->entities[i].why)
			g_queue_push_tail(&changed, &comparison->patched->entities[i]);
	while (!g_queue_is_empty(&changed))
		promote(comparison, g_queue_pop_head(&changed), &changed);
}
