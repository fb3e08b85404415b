/*
 * Pointers to functions that objects hold, of which only the prototype changed.  What an object
 * holds stays the address of the same function, and who calls it expects the new prototype.  That
 * is right if that function is of the new prototype in the patched source: then it is replaced at
 * its address, or its code does not differ, and so does the same under both prototypes.
 *
 * Which function an object holds is not known.  But the compiler let it hold only one of the old
 * prototype, and a unit that takes the address of one knows its type.  So each function of the old
 * prototype of which a unit takes the address must be of the new one, and no other may be.
 */
#include <dwarf.h>
#include <string.h>

#include "diff/prototypes.h"

/* Longer ways from a type to what it is no source has: a type that leads to itself must not lead on
 * for ever. */
#define STEPS 32

/* What a type is but for qualifiers and names. */
static gboolean plain_type(Dwarf_Die *type)
{
	for (guint i = 0; i < STEPS; i++)
		switch (dwarf_tag(type)) {
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
			if (!die_type(type, type))
				return FALSE;
			break;
		default:
			return TRUE;
		}
	return FALSE;
}

gboolean prototype_find(struct prototype *prototype, Dwarf_Die *original, Dwarf_Die *patched)
{
	*prototype = (struct prototype){*original, *patched};
	for (guint i = 0; i < STEPS; i++) {
		if (!plain_type(&prototype->original) || !plain_type(&prototype->patched) ||
		    dwarf_tag(&prototype->original) != dwarf_tag(&prototype->patched))
			return FALSE;
		if (dwarf_tag(&prototype->original) == DW_TAG_subroutine_type)
			return TRUE;
		if (dwarf_tag(&prototype->original) != DW_TAG_pointer_type ||
		    !die_type(&prototype->original, &prototype->original) ||
		    !die_type(&prototype->patched, &prototype->patched))
			return FALSE;
	}
	return FALSE;
}

/* Whether it is put anywhere where a pointer to a function may be taken from. */
static gboolean is_taken_by(const struct side *side, const struct use *use)
{
	const char *section = use->section->name;

	return !use->branch && !use->access && !use->at && !side->specials[use->section->index] &&
	       !g_str_has_prefix(section, "___ksymtab") && !g_str_has_prefix(section, ".discard.");
}

static gboolean is_taken(const struct side *side, const struct entity *entity)
{
	for (guint i = 0; entity->uses && i < entity->uses->len; i++)
		if (is_taken_by(side, &g_array_index(entity->uses, struct use, i)))
			return TRUE;
	return FALSE;
}

static const char *prototype_of(struct types *types, const char *name)
{
	Dwarf_Die *entry = g_hash_table_lookup(types->entries, name);

	return entry && dwarf_tag(entry) == DW_TAG_subprogram ? describe(types, entry, COMPATIBLE)
							      : NULL;
}

/* Whether a function takes others: those change their prototype with it, unseen. */
static gboolean takes_functions(const char *prototype)
{
	return strchr(prototype, '(') != strrchr(prototype, '(');
}

static gboolean is_function(const struct entity *entity)
{
	return entity->kind == ENTITY_FUNCTION || entity->kind == ENTITY_FOREIGN;
}

/* Whether the patched unit takes the address of the same function. */
static gboolean is_still_taken(const struct comparison *comparison, const struct entity *original)
{
	const struct entity *patched =
		original->kind == ENTITY_FOREIGN
			? g_hash_table_lookup(comparison->patched->by_name, original->symbol->name)
			: original->twin;

	return patched && is_taken(comparison->patched, patched);
}

static char *obstacle(const struct comparison *comparison, struct types *original_types,
		      struct types *patched_types, const char *old, const char *new,
		      gboolean only_lost)
{
	const struct side *side = comparison->original;

	for (guint i = 0; i < side->count; i++) {
		const struct entity *entity = &side->entities[i];
		const char *name = entity->symbol->name;

		if (!is_function(entity) || !is_taken(side, entity) ||
		    g_strcmp0(prototype_of(original_types, name), old))
			continue;
		if (entity->kind == ENTITY_FUNCTION && !entity->twin)
			return g_strdup_printf("%s, which may be called by it, is gone", name);
		if (g_strcmp0(prototype_of(patched_types, name), new) &&
		    (!only_lost || !is_still_taken(comparison, entity)))
			return g_strdup_printf("%s, which may be called by it, is not of that type",
					       name);
	}
	return NULL;
}

/*
 * What objects held may also have been copied from objects of types that this unit alone sees.
 * Where that ends, something else is put there: a function that was not of the old prototype.
 */
static char *newcomer(const struct comparison *comparison, struct types *original_types,
		      struct types *patched_types, const char *old, const char *new)
{
	const struct side *side = comparison->patched;

	for (guint i = 0; i < side->count; i++) {
		const struct entity *entity = &side->entities[i];
		const char *name = entity->symbol->name;

		if (is_function(entity) && is_taken(side, entity) &&
		    !g_strcmp0(prototype_of(patched_types, name), new) &&
		    g_strcmp0(prototype_of(original_types, name), old))
			return g_strdup_printf("%s, which is of that type, was not of the old one",
					       name);
	}
	return NULL;
}

char *prototype_obstacle(const struct comparison *comparison, struct types *original_types,
			 struct types *patched_types, struct prototype *prototype)
{
	const char *old = describe(original_types, &prototype->original, COMPATIBLE);
	const char *new = describe(patched_types, &prototype->patched, COMPATIBLE);

	if (!strcmp(old, new))
		return NULL;
	if (takes_functions(old) || takes_functions(new))
		return g_strdup("the functions that it takes may be of another type too");
	char *text = obstacle(comparison, original_types, patched_types, old, new, FALSE);
	return text ? text : newcomer(comparison, original_types, patched_types, old, new);
}

char *prototype_loss(const struct comparison *comparison, struct types *original_types,
		     struct types *patched_types, struct prototype *prototype)
{
	const char *old = describe(original_types, &prototype->original, COMPATIBLE);
	const char *new = describe(patched_types, &prototype->patched, COMPATIBLE);

	return strcmp(old, new)
		       ? obstacle(comparison, original_types, patched_types, old, new, TRUE)
		       : NULL;
}
