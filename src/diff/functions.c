/*
 * Functions: each compared with its twin.
 */
#include "diff/compare.h"
#include "diff/comparison.h"

static char *live_user_of(const struct entity *entity)
{
	for (guint i = 0; entity->uses && i < entity->uses->len; i++) {
		const struct use *use = &g_array_index(entity->uses, struct use, i);
		const struct entity *owner = use_owner(use);
		const struct section *section = owner ? owner->symbol->section : use->section;

		if (!section_is_of_init(section))
			return g_strdup(owner ? owner->symbol->name : section->name);
	}
	return NULL;
}

static char *live_user(const struct entity *entity)
{
	char *user = live_user_of(entity);

	return user ? user : live_user_of(entity->twin);
}

void refuse_gone(struct comparison *comparison, const struct entity *entity, const char *what,
		 const char *hint, const char *instead, const char *past, const char *difference)
{
	g_autofree char *user = live_user(entity);
	g_autofree char *skip = g_strdup_printf(
		"%s in a callback (klatch-build(1)), or leave it out with --skip-init", instead);

	if (user)
		refuse(comparison, entity->symbol, what, hint,
		       "%s, but it is gone from memory, and %s, which is not, refers to it",
		       difference, user);
	else
		refuse_or_skip(comparison, comparison->intent && comparison->intent->skip_init,
			       entity->symbol, what, skip, "%s, but %s and is gone from memory",
			       difference, past);
}

static void refuse_init(struct comparison *comparison, const struct entity *entity,
			const char *difference)
{
	g_autofree char *what = g_strdup_printf("__init code of %s changed", entity->symbol->name);

	refuse_gone(comparison, entity, what, NULL, "do what it should have done differently",
		    "it has run already", difference);
}

static void compare_function(struct comparison *comparison, struct entity *original)
{
	struct entity *patched = original->twin;
	char *why = patched->why ? g_steal_pointer(&patched->why)
				 : function_difference(comparison->original, original,
						       comparison->patched, patched);

	if (why && section_is_init(patched->symbol->section)) {
		refuse_init(comparison, patched, why);
		g_clear_pointer(&why, g_free);
	} else if (section_has_run(comparison, patched->symbol->section)) {
		g_clear_pointer(&why, g_free);
	}
	patched->why = why;
}

/* Another name of a function or variable must still be one of the same. */
static void compare_alias(struct comparison *comparison, const struct entity *original)
{
	const struct entity *patched = original->twin;
	g_autofree char *what = NULL;

	if (!original->body == !patched->body &&
	    (!original->body || original->body->twin == patched->body ||
	     (original->body->renewed && patched->body->renewed)))
		return;
	what = g_strdup_printf("%s is a name of something else now", patched->symbol->name);
	refuse(comparison, patched->symbol, what, NULL, "it named %s, whose users stay as they are",
	       original->body ? original->body->symbol->name : "a place outside of any function");
}

/*
 * A function that is only inlined now has changed where it was called.  But a pointer to it that
 * was stored is still there, and nothing is left that could replace it.
 */
static void note_vanished(struct comparison *comparison, const struct entity *original)
{
	const char *name = original->symbol->name;

	if (side_address_use(original) && !section_is_init(original->symbol->section)) {
		note(comparison,
		     "%s is gone, but its address was taken: what holds it still calls the "
		     "original; mark it noinline to have it replaced",
		     name);
		return;
	}
	if (original->global && !g_hash_table_contains(comparison->patched->by_name, name))
		note(comparison, "%s was removed; it stays in memory", name);
}

void compare_functions(struct comparison *comparison)
{
	for (guint i = 0; i < comparison->original->count; i++) {
		struct entity *entity = &comparison->original->entities[i];

		if (entity->kind == ENTITY_FUNCTION && entity->twin)
			compare_function(comparison, entity);
		else if (entity->kind == ENTITY_FUNCTION)
			note_vanished(comparison, entity);
		else if (entity->kind == ENTITY_ALIAS && entity->twin)
			compare_alias(comparison, entity);
	}
}
