/*
 * Constant tables: quirks, ids, policies.  What is never written, what no other unit can see and
 * what only code refers to can be had twice: the livepatch gets its own, which is the changed one,
 * and every function that refers to it is replaced, whether its own code changed or not.  So the
 * old one and the new one are no twins any more; all else follows from that.
 *
 * It is no more than that where the address itself matters, because someone has it who goes on
 * using it, or because it is what something is recognised by: so where the address of a table is in
 * other data (unless that is such a table, too), where code stores or compares it, and for the
 * addresses of functions that are handed on with it, it is refused.
 */
#include <string.h>

#include "diff/compare.h"
#include "diff/comparison.h"

/* What is to be renewed together. */
struct renewal {
	const struct comparison *comparison;
	GPtrArray *tables;  /* of struct entity, of either side; grows while it is gone through */
	gboolean is_needed; /* by code that can run again */
};

static gboolean is_table(const struct side *side, const struct entity *entity)
{
	const struct section *section = entity->symbol->section;

	return entity->kind == ENTITY_DATA && entity->body == entity && !entity->global &&
	       g_str_has_prefix(section->name, ".rodata") && !(section->flags & SHF_WRITE) &&
	       !side->specials[section->index] && side->bodies[section->index]->len == 1;
}

static gboolean holds_functions(const struct side *side, const struct entity *table)
{
	guint count;
	const struct symbol *symbol = table->symbol;
	const struct reference *references = side_references(side, symbol->section, symbol->value,
							     symbol->value + symbol->size, &count);

	for (guint i = 0; i < count; i++)
		if (references[i].entity && (references[i].entity->kind == ENTITY_FUNCTION ||
					     references[i].entity->kind == ENTITY_COLD))
			return TRUE;
	return FALSE;
}

/* Whether something is compared with the end of a table: that is how a loop ends. */
static gboolean is_end(const struct entity *table, const struct use *use)
{
	return use->address == INSN_COMPARED && use->at >= (gint64)table->symbol->size;
}

/* Whether a function reads a table from one end to the other. */
static gboolean goes_through(const struct entity *table, const struct entity *function)
{
	for (guint i = 0; i < table->uses->len; i++) {
		const struct use *use = &g_array_index(table->uses, struct use, i);

		if (use_owner(use) == function && is_end(table, use))
			return TRUE;
	}
	return FALSE;
}

/* Why the code of a function needs the very table that there was; NULL if it does not. */
static char *code_obstacle(const struct side *side, const struct entity *table,
			   const struct use *use)
{
	const struct entity *function = use_owner(use);
	const char *name = function->symbol->name;

	if (use->address == INSN_STORED)
		return g_strdup_printf("%s keeps its address", name);
	if (use->address == INSN_SUBTRACTED ||
	    (use->address == INSN_COMPARED && !is_end(table, use) && use->at >= 0))
		return g_strdup_printf("%s compares addresses with it", name);
	if (!use->access && holds_functions(side, table) && !goes_through(table, function))
		return g_strdup_printf("it holds addresses of functions, and %s hands it on", name);
	return NULL;
}

static void add_table(struct renewal *renewal, struct entity *table)
{
	if (!g_ptr_array_find(renewal->tables, table, NULL))
		g_ptr_array_add(renewal->tables, table);
	if (table->twin && !g_ptr_array_find(renewal->tables, table->twin, NULL))
		g_ptr_array_add(renewal->tables, table->twin);
}

static char *use_obstacle(struct renewal *renewal, const struct side *side,
			  const struct entity *table, const struct use *use)
{
	struct entity *owner = use_owner(use);

	if (!owner || side->specials[owner->symbol->section->index])
		return g_strdup_printf("section %s refers to it", use->section->name);
	switch (owner->kind) {
	case ENTITY_FUNCTION:
		renewal->is_needed |= !section_is_init(owner->symbol->section);
		return code_obstacle(side, table, use);
	case ENTITY_CONSTANT: /* by content */
		return NULL;
	default:
		if (!is_table(side, owner))
			return g_strdup_printf("%s refers to it", owner->symbol->name);
		add_table(renewal, owner);
		return NULL;
	}
}

static const struct side *side_of(const struct comparison *comparison, const struct entity *entity)
{
	const struct side *patched = comparison->patched;

	return entity >= patched->entities && entity < patched->entities + patched->count
		       ? patched
		       : comparison->original;
}

static char *member_obstacle(struct renewal *renewal, const struct entity *table)
{
	const struct side *side = side_of(renewal->comparison, table);

	for (guint i = 0; table->uses && i < table->uses->len; i++) {
		const struct use *use = &g_array_index(table->uses, struct use, i);
		char *text = use_obstacle(renewal, side, table, use);

		if (text)
			return text;
	}
	return NULL;
}

/* Finds all that has to be renewed with a table; returns why it can't be, or NULL. */
static char *find_renewal(struct renewal *renewal, struct entity *original)
{
	add_table(renewal, original);
	for (guint i = 0; i < renewal->tables->len; i++) {
		char *text = member_obstacle(renewal, g_ptr_array_index(renewal->tables, i));

		if (text)
			return text;
	}
	return renewal->is_needed
		       ? NULL
		       : g_strdup("only __init code refers to it, which has run already");
}

static gboolean are_tables(const struct comparison *comparison, const struct entity *original)
{
	return is_table(comparison->original, original) && original->twin &&
	       is_table(comparison->patched, original->twin);
}

char *table_obstacle(const struct comparison *comparison, struct entity *original)
{
	g_autoptr(GPtrArray) tables = g_ptr_array_new();
	struct renewal renewal = {.comparison = comparison, .tables = tables};

	return are_tables(comparison, original) ? find_renewal(&renewal, original) : NULL;
}

/* Whatever else changed in them: it alone is reason enough. */
static void replace_users(const struct entity *table)
{
	for (guint i = 0; table->uses && i < table->uses->len; i++) {
		struct entity *user = use_owner(&g_array_index(table->uses, struct use, i));

		if (user && user->kind == ENTITY_FUNCTION && user->twin && !user->why)
			user->why = g_strdup_printf("uses %s, which changed", table->symbol->name);
	}
}

/* Its twin is nothing that could stand in for it. */
static void renew(struct comparison *comparison, struct entity *original)
{
	struct entity *patched = original->twin;

	replace_users(patched);
	original->renewed = patched->renewed = TRUE;
	original->doubtful = patched->doubtful = FALSE;
	original->twin = patched->twin = NULL;
	note(comparison,
	     "%s: the livepatch has its own; what was looked up in the old one before stays as it "
	     "was",
	     patched->symbol->name);
}

static void consider_table(struct comparison *comparison, struct entity *original)
{
	g_autoptr(GPtrArray) tables = g_ptr_array_new();
	struct renewal renewal = {.comparison = comparison, .tables = tables};

	if (!are_tables(comparison, original) || !original->uses ||
	    is_skipped(comparison, original->twin->symbol))
		return;
	struct range first = range_of_entity(comparison->original, original);
	struct range second = range_of_entity(comparison->patched, original->twin);
	if (ranges_equal(&first, &second, NULL))
		return;
	g_autofree char *text = find_renewal(&renewal, original);
	for (guint i = 0; !text && i < tables->len; i++) {
		struct entity *table = g_ptr_array_index(tables, i);

		if (table->twin && side_of(comparison, table) == comparison->original)
			renew(comparison, table);
	}
}

void renew_tables(struct comparison *comparison)
{
	for (guint i = 0; i < comparison->original->count; i++)
		consider_table(comparison, &comparison->original->entities[i]);
}
