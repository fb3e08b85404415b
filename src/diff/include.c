/*
 * What comes along: the code of changed functions and, following their relocations, whatever they
 * need that the original does not have: new functions and variables, strings, constants, copies of
 * functions that can't be taken over or that never return.  What else has a twin stays where it is.
 */
#include <string.h>

#include "diff/comparison.h"
#include "diff/insn.h"
#include "patch.h"

struct inclusion {
	struct comparison *comparison;
	const struct side *side;     /* the patched one */
	GHashTable *reached;	     /* set of struct entity */
	GHashTable *refused;	     /* set of what was refused already: said once */
	const struct section *place; /* whose references are followed, or NULL */
};

static void follow_range(struct inclusion *inclusion, const struct section *section, guint64 start,
			 guint64 end);

/* Refuses what a reference leads to; why: what is said of the place that it is in. */
static void refuse_once(struct inclusion *inclusion, const struct symbol *symbol,
			const void *subject, char *what, const char *why)
{
	if (g_hash_table_add(inclusion->refused, (gpointer)subject))
		refuse(inclusion->comparison, symbol, what,
		       "make the change in smaller or larger functions, so that this reference is "
		       "not needed or not doubtful",
		       "%s%s%s", inclusion->place ? inclusion->place->name : "",
		       inclusion->place ? " " : "", why);
	g_free(what);
}

/* Takes a whole section and what it refers to. */
static void take_section(struct inclusion *inclusion, struct section *section)
{
	if (section_is_init(section))
		refuse_once(inclusion, NULL, section,
			    g_strdup_printf("section %s can't come along", section->name),
			    "refers to it, and it would be gone once the livepatch is loaded");
	if (g_hash_table_add(inclusion->comparison->diff->sections, section))
		follow_range(inclusion, section, 0, section->size);
}

static void take_function(struct inclusion *inclusion, struct entity *entity)
{
	if (!g_hash_table_add(inclusion->reached, entity))
		return;
	take_section(inclusion, entity->symbol->section);
	for (guint i = 0; entity->entries && i < entity->entries->len; i++) {
		const struct entry *entry = &g_array_index(entity->entries, struct entry, i);

		follow_range(inclusion, entry->section, entry->offset,
			     entry->offset + entry->special->entry_size);
	}
	if (entity->cold)
		take_function(inclusion, entity->cold);
}

/* Whether an address at the end of a variable means something else here than in the original. */
static gboolean end_is_doubtful(struct inclusion *inclusion, const struct entity *entity,
				const struct reference *reference)
{
	const struct entity *behind = side_behind(inclusion->side, entity);

	return behind && (guint64)reference->at == entity->symbol->size &&
	       side_behind(inclusion->comparison->original, entity->twin) != behind->twin;
}

/* A new variable comes along; which twin a doubtful one has is not known well enough. */
static void take_variable(struct inclusion *inclusion, struct entity *entity,
			  const struct reference *reference)
{
	if (entity->doubtful)
		refuse_once(inclusion, entity->symbol, entity,
			    g_strdup_printf("variable %s can't be placed", entity->symbol->name),
			    "uses it, and there is more than one variable of the "
			    "original that it could be, or the one that it could be is used by "
			    "other code");
	else if (!entity->twin)
		take_section(inclusion, entity->symbol->section);
	else if (reference && end_is_doubtful(inclusion, entity, reference))
		refuse_once(inclusion, entity->symbol, reference,
			    g_strdup_printf("the end of %s can't be told from what follows it",
					    entity->symbol->name),
			    "refers to an address that is both, and what follows changed");
}

/* Whether an instruction of a function leads out of it, other than by a call. */
static gboolean leaves(const struct side *side, const struct entity *function,
		       const struct section *section, const struct insn *insn)
{
	guint count;
	const struct reference *target;

	if (!insn->branch || insn->call)
		return insn->returns;
	target = side_references(side, section, insn->field, insn->field + 1, &count);
	return count && target->entity != function && target->entity != function->cold;
}

/* Whether a function, one of its parts, can come to an end. */
static gboolean ends(const struct side *side, const struct entity *function,
		     const struct entity *part)
{
	const struct symbol *symbol = part->symbol;
	struct insn_walk walk = {
		.section = symbol->section,
		.at = symbol->value,
		.end = symbol->value + symbol->size,
	};

	while (insn_next(&walk))
		if (leaves(side, function, symbol->section, &walk.insn))
			return TRUE;
	return part->cold && ends(side, function, part->cold);
}

/*
 * A static function that never returns: there need not be anything behind a call of it, which
 * objtool takes for a mistake unless it can see the function.
 */
static gboolean never_returns(const struct side *side, const struct entity *function)
{
	return !function->global && function->symbol->size && !ends(side, function, function);
}

/*
 * A function that has a twin is called through the original's address, so that whatever patches it
 * next has its way.  But only its entry is known there.
 */
static void take_called(struct inclusion *inclusion, struct entity *entity,
			const struct reference *reference)
{
	struct entity *function = entity->parent ? entity->parent : entity;

	if (reference->branch && function->twin && !function->why &&
	    never_returns(inclusion->side, function))
		function->is_copied = TRUE;
	if (!function->twin || function->is_copied) {
		take_function(inclusion, function);
		return;
	}
	if ((reference->at || entity->parent) &&
	    !g_hash_table_contains(inclusion->reached, function) && !function->why)
		refuse_once(inclusion, entity->symbol, entity,
			    g_strdup_printf("the inside of %s can't be referred to",
					    function->symbol->name),
			    "refers to a place in it, but it stays as it is");
}

static void follow_anonymous(struct inclusion *inclusion, const struct reference *reference)
{
	struct section *section = reference->section;
	const struct special *special = inclusion->side->specials[section->index];

	if (special && special->policy == SPECIAL_CODE)
		follow_range(inclusion, section, reference->at,
			     reference->at +
				     side_code_size(inclusion->side, inclusion->place, reference));
	else if (section->size && (section->flags & (SHF_WRITE | SHF_EXECINSTR)) && !special)
		refuse_once(inclusion, NULL, section,
			    g_strdup_printf("section %s can't be referred to", section->name),
			    "refers to a place in it that has no name");
	else if (!special)
		take_section(inclusion, section);
}

static void follow(struct inclusion *inclusion, const struct reference *reference)
{
	struct entity *entity = reference->entity;

	if (!entity) {
		if (reference->section)
			follow_anonymous(inclusion, reference);
		return;
	}
	if (entity->kind == ENTITY_ALIAS && entity->body && !entity->twin)
		entity = entity->body;
	switch (entity->kind) {
	case ENTITY_FUNCTION:
	case ENTITY_COLD:
		take_called(inclusion, entity, reference);
		break;
	case ENTITY_DATA:
		take_variable(inclusion, entity, reference);
		break;
	case ENTITY_CONSTANT:
		take_section(inclusion, entity->symbol->section);
		break;
	case ENTITY_ALIAS:
	case ENTITY_FOREIGN:
	case ENTITY_NONE:
		break;
	}
}

static void follow_range(struct inclusion *inclusion, const struct section *section, guint64 start,
			 guint64 end)
{
	guint count;
	const struct reference *references =
		side_references(inclusion->side, section, start, end, &count);

	const struct section *place = inclusion->place;

	inclusion->place = section;
	for (guint i = 0; i < count; i++)
		follow(inclusion, &references[i]);
	inclusion->place = place;
}

/* What nothing here needs to refer to: other units of the patch may. */
static gboolean is_new_global(const struct entity *entity)
{
	return entity->global && !entity->twin && entity->body == entity &&
	       (entity->kind == ENTITY_FUNCTION || entity->kind == ENTITY_DATA);
}

/* What nobody refers to: klatch's own kernel side calls it. */
static gboolean is_callbacks(const struct entity *entity)
{
	return entity->kind == ENTITY_DATA && entity->body == entity &&
	       !strcmp(entity->symbol->section->name, KLATCH_CALLBACKS_SECTION);
}

static void take_all(struct inclusion *inclusion)
{
	for (guint i = 0; i < inclusion->side->count; i++) {
		struct entity *entity = &inclusion->side->entities[i];

		if (entity->kind == ENTITY_FUNCTION && entity->why)
			take_function(inclusion, entity);
		if (is_callbacks(entity))
			take_variable(inclusion, entity, NULL);
		if (!is_new_global(entity) || section_is_init(entity->symbol->section) ||
		    inclusion->side->specials[entity->symbol->section->index])
			continue;
		if (entity->kind == ENTITY_FUNCTION)
			take_function(inclusion, entity);
		else
			take_variable(inclusion, entity, NULL);
	}
}

/* Tables that are in none of klatch's: whatever they are for would be missing. */
static void check_unknown(struct inclusion *inclusion)
{
	const struct side *side = inclusion->side;

	for (guint i = 0; i < side->section_count; i++) {
		const struct section *section = object_section_at(side->object, i);

		if (!(section->flags & SHF_ALLOC) || side->specials[i] ||
		    special_is_ordinary(section->name))
			continue;
		for (guint j = 0; j < section->relocs->len; j++) {
			const struct reference *reference =
				&g_array_index(side->references[i], struct reference, j);

			if (reference->entity &&
			    g_hash_table_contains(inclusion->reached, reference->entity) &&
			    !g_hash_table_contains(inclusion->comparison->diff->sections, section))
				refuse_once(inclusion, reference->entity->symbol, section,
					    g_strdup_printf("section %s is not known to klatch",
							    section->name),
					    "it refers to code that is replaced, and what for is "
					    "not known");
		}
	}
}

/* Data that stays but holds places inside of a function would lead into the old code. */
static void check_inside(struct inclusion *inclusion, const struct entity *function)
{
	for (guint i = 0; function->uses && i < function->uses->len; i++) {
		const struct use *use = &g_array_index(function->uses, struct use, i);

		if (use->at && use->user && use->user->kind == ENTITY_DATA && use->user->twin)
			refuse_once(inclusion, use->user->symbol, use->user,
				    g_strdup_printf("the inside of %s can't be moved",
						    function->symbol->name),
				    "data that stays as it is refers to places in it");
	}
}

/* The __init code that refers to a variable, or NULL. */
static const struct entity *init_user(const struct entity *entity)
{
	for (guint i = 0; entity->uses && i < entity->uses->len; i++) {
		const struct entity *owner = use_owner(&g_array_index(entity->uses, struct use, i));

		if (owner && section_is_init(owner->symbol->section))
			return owner;
	}
	return NULL;
}

static gboolean has_callbacks(const struct side *side)
{
	for (guint i = 0; i < side->count; i++)
		if (is_callbacks(&side->entities[i]))
			return TRUE;
	return FALSE;
}

/* New data that code uses which goes live would not be as __init code that is left out makes it. */
static void check_set_up(struct inclusion *inclusion)
{
	const struct comparison *comparison = inclusion->comparison;

	if (!comparison->intent || !comparison->intent->skip_init || has_callbacks(inclusion->side))
		return;
	for (guint i = 0; i < inclusion->side->count; i++) {
		const struct entity *entity = &inclusion->side->entities[i];
		const struct entity *user = init_user(entity);

		if (!user || entity->kind != ENTITY_DATA || entity->twin ||
		    !(entity->symbol->section->flags & SHF_WRITE) ||
		    !g_hash_table_contains(comparison->diff->sections, entity->symbol->section))
			continue;
		g_autofree char *what =
			g_strdup_printf("new data %s is not set up", entity->symbol->name);
		refuse(inclusion->comparison, entity->symbol, what,
		       "set it up in a callback (klatch-build(1))",
		       "%s refers to it, which is __init code that is left out",
		       user->symbol->name);
	}
}

static void list_function(struct diff *diff, struct entity *entity)
{
	struct diff_function *function = g_new0(struct diff_function, 1);

	function->patched = entity->symbol;
	function->original = entity->twin ? entity->twin->symbol : NULL;
	function->change = entity->twin ? DIFF_CHANGED : DIFF_NEW;
	function->probed = entity->is_probed;
	function->promoted = entity->promoted;
	function->why = g_strdup(entity->twin ? entity->why : "new");
	g_ptr_array_add(diff->functions, function);
}

static void fill_diff(struct inclusion *inclusion)
{
	struct diff *diff = inclusion->comparison->diff;

	for (guint i = 0; i < inclusion->side->count; i++) {
		struct entity *entity = &inclusion->side->entities[i];

		if (g_hash_table_contains(inclusion->reached, entity))
			check_inside(inclusion, entity);
		if (entity->kind == ENTITY_FUNCTION && !entity->is_copied &&
		    g_hash_table_contains(inclusion->reached, entity))
			list_function(diff, entity);
		if (entity->kind == ENTITY_DATA && entity->twin &&
		    g_hash_table_contains(diff->sections, entity->symbol->section))
			refuse_once(inclusion, entity->symbol, entity,
				    g_strdup_printf("variable %s can't be separated",
						    entity->symbol->name),
				    "it shares a section with what comes along");
		if (entity->twin && entity->kind != ENTITY_FOREIGN && !entity->is_copied)
			g_hash_table_insert(diff->origins, entity->symbol, entity->twin->symbol);
	}
}

void include_changes(struct comparison *comparison)
{
	struct inclusion inclusion = {
		.comparison = comparison,
		.side = comparison->patched,
		.reached = g_hash_table_new(NULL, NULL),
		.refused = g_hash_table_new(NULL, NULL),
	};

	take_all(&inclusion);
	check_unknown(&inclusion);
	check_set_up(&inclusion);
	fill_diff(&inclusion);
	g_hash_table_unref(inclusion.reached);
	g_hash_table_unref(inclusion.refused);
}
