/*
 * One side of a comparison.  What is what: symbols, then references, then special entries, then
 * users; each step needs the ones before.
 */
#include <string.h>

#include "base/error.h"
#include "diff/insn.h"
#include "diff/names.h"
#include "diff/side.h"

static GPtrArray *bodies_of(const struct side *side, const struct section *section)
{
	return side->bodies[section->index];
}

/* The function or variable that covers an offset of a section; NULL for anonymous bytes. */
static struct entity *body_at(const struct side *side, const struct section *section, gint64 at)
{
	const GPtrArray *bodies = bodies_of(side, section);
	guint low = 0, high = bodies ? bodies->len : 0;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		const struct entity *entity = g_ptr_array_index(bodies, middle);

		if ((gint64)entity->symbol->value <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	struct entity *body = g_ptr_array_index(bodies, low - 1);
	return at < (gint64)(body->symbol->value + body->symbol->size) ? body : NULL;
}

/*
 * The same for what code or data refers to.  The only thing in a section is also meant by an offset
 * before or behind it: table[i - 1], or the end of an array.
 */
static struct entity *body_meant(const struct side *side, const struct section *section, gint64 at)
{
	const GPtrArray *bodies = bodies_of(side, section);
	struct entity *body = body_at(side, section, at);

	return !body && bodies && bodies->len == 1 ? g_ptr_array_index(bodies, 0) : body;
}

struct entity *side_behind(const struct side *side, const struct entity *entity)
{
	const struct symbol *symbol = entity->symbol;

	return entity->kind == ENTITY_DATA
		       ? body_at(side, symbol->section, symbol->value + symbol->size)
		       : NULL;
}

static void name_entity(struct side *side, struct entity *entity)
{
	const struct symbol *symbol = entity->symbol;
	g_autofree char *stem = name_stem(symbol->name);

	entity->global = symbol->binding != STB_LOCAL;
	if (stem)
		entity->stem = g_intern_string(stem);
	if (!g_hash_table_insert(side->by_name, symbol->name, entity))
		g_hash_table_insert(side->by_name, symbol->name, NULL);
}

static enum entity_kind kind_of(const struct symbol *symbol)
{
	if (symbol->type == STT_FILE || symbol->type == STT_SECTION || symbol->name[0] == '.' ||
	    !symbol->name[0])
		return ENTITY_NONE;
	if (!symbol->section)
		return ENTITY_FOREIGN;
	/* An empty structure (a lock class without lockdep) may lie where something else begins. */
	if (symbol->type == STT_OBJECT && !symbol->size)
		return symbol->section->size ? ENTITY_ALIAS : ENTITY_CONSTANT;
	if (symbol->type == STT_OBJECT)
		return ENTITY_DATA;
	if (symbol->type == STT_FUNC && symbol->size)
		return ENTITY_FUNCTION;
	return ENTITY_ALIAS;
}

/* By place; of several symbols at one place the largest first, else in order of the file. */
static gint compare_bodies(gconstpointer a, gconstpointer b)
{
	const struct symbol *first = (*(const struct entity *const *)a)->symbol;
	const struct symbol *second = (*(const struct entity *const *)b)->symbol;

	if (first->value != second->value)
		return first->value < second->value ? -1 : 1;
	if (first->size != second->size)
		return first->size > second->size ? -1 : 1;
	return first->index < second->index ? -1 : first->index > second->index;
}

/* Of overlapping symbols the first is the body, the others are aliases. */
static void keep_bodies(GPtrArray *bodies)
{
	struct entity *body = NULL;
	guint kept = 0;

	g_ptr_array_sort(bodies, compare_bodies);
	for (guint i = 0; i < bodies->len; i++) {
		struct entity *entity = g_ptr_array_index(bodies, i);

		if (body && entity->symbol->value < body->symbol->value + body->symbol->size) {
			entity->kind = ENTITY_ALIAS;
			body->global |= entity->global;
			continue;
		}
		body = entity;
		body->body = body;
		bodies->pdata[kept++] = body;
	}
	g_ptr_array_set_size(bodies, kept);
}

static void find_entities(struct side *side)
{
	for (guint i = 0; i < side->count; i++) {
		struct entity *entity = &side->entities[i];
		struct symbol *symbol = object_symbol_at(side->object, i);

		entity->symbol = symbol;
		entity->kind = kind_of(symbol);
		if (symbol->type == STT_FILE && !side->source)
			side->source = symbol->name;
		if (entity->kind == ENTITY_NONE)
			continue;
		name_entity(side, entity);
		if (entity->kind != ENTITY_DATA && entity->kind != ENTITY_FUNCTION)
			continue;
		GPtrArray **bodies = &side->bodies[symbol->section->index];
		if (!*bodies)
			*bodies = g_ptr_array_new();
		g_ptr_array_add(*bodies, entity);
	}
	for (guint i = 0; i < side->object->sections->len; i++)
		if (side->bodies[i])
			keep_bodies(side->bodies[i]);
}

static void find_aliases_and_cold_parts(struct side *side)
{
	for (guint i = 0; i < side->count; i++) {
		struct entity *entity = &side->entities[i];

		if (entity->kind == ENTITY_ALIAS)
			entity->body =
				body_at(side, entity->symbol->section, entity->symbol->value);
		if (entity->kind != ENTITY_FUNCTION)
			continue;
		g_autofree char *name = name_of_cold(entity->symbol->name);
		entity->parent = name ? g_hash_table_lookup(side->by_name, name) : NULL;
		if (!entity->parent)
			continue;
		entity->kind = ENTITY_COLD;
		entity->parent->cold = entity;
	}
}

/* Resolves what a relocation against a symbol means to an entity, or to anonymous bytes. */
static void resolve(const struct side *side, const struct symbol *symbol,
		    struct reference *reference)
{
	struct entity *entity = &side->entities[symbol->index];

	reference->entity = entity;
	if (entity->kind == ENTITY_ALIAS && !entity->global && entity->body) {
		reference->entity = entity->body;
		reference->at += symbol->value - entity->body->symbol->value;
	}
	if (entity->kind != ENTITY_NONE || !symbol->section)
		return;
	reference->section = symbol->section;
	reference->at += symbol->value;
	reference->entity = body_meant(side, symbol->section, reference->at);
	if (reference->entity) {
		reference->section = NULL;
		reference->at -= reference->entity->symbol->value;
	}
}

static void find_references(struct side *side, const struct section *section)
{
	g_autofree struct insn_use *uses = insn_uses(section);
	GArray *references =
		g_array_sized_new(FALSE, TRUE, sizeof(struct reference), section->relocs->len);

	for (guint i = 0; i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);
		struct reference reference = {
			.offset = reloc->offset,
			.type = reloc->type,
			.branch = uses[i].branch,
			.at = reloc->addend + uses[i].tail,
		};

		if (reloc->symbol)
			resolve(side, reloc->symbol, &reference);
		g_array_append_val(references, reference);
	}
	side->references[section->index] = references;
}

const struct reference *side_references(const struct side *side, const struct section *section,
					guint64 start, guint64 end, guint *count)
{
	const GArray *references = side->references[section->index];
	guint first = section_reloc_index(section, start);

	*count = references ? section_reloc_index(section, end) - first : 0;
	return *count ? &g_array_index(references, struct reference, first) : NULL;
}

static gint compare_starts(gconstpointer a, gconstpointer b)
{
	const struct start *first = a, *second = b;

	return first->at < second->at ? -1 : first->at > second->at;
}

/* The last start at or before a place, or the number of starts if there is none. */
static guint start_index(const GArray *starts, gint64 at)
{
	guint low = 0, high = starts->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(starts, struct start, middle).at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : starts->len;
}

guint64 side_extent(const struct side *side, const struct section *section, guint64 at)
{
	const GArray *starts = side->starts ? side->starts[section->index] : NULL;
	guint index = starts ? start_index(starts, at) + 1 : 0;

	if (!starts || index >= starts->len)
		return MAX(section->size, at);
	return g_array_index(starts, struct start, index).at;
}

/* Who a place belongs to: function, variable, or the function whose special entry it lies in. */
static struct entity *owner_at(const struct side *side, const struct section *section,
			       guint64 offset)
{
	const struct special *special = side->specials[section->index];
	struct entity *body = body_at(side, section, offset);
	const GArray *starts = side->starts ? side->starts[section->index] : NULL;
	const GPtrArray *owners = side->owners[section->index];

	if (body)
		return body;
	if (owners)
		return g_ptr_array_index(owners, offset / special->entry_size);
	guint index = starts ? start_index(starts, offset) : 0;
	return starts && index < starts->len ? g_array_index(starts, struct start, index).owner
					     : NULL;
}

/* Whether entries of a special section mark what ftrace can take over. */
static gboolean marks_sites(const struct special *special)
{
	return !strcmp(special->name, "__mcount_loc") ||
	       !strcmp(special->name, "__patchable_function_entries");
}

static void add_entry(struct entity *owner, const struct entry *entry)
{
	if (!owner->entries)
		owner->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	g_array_append_val(owner->entries, *entry);
	owner->has_site |= marks_sites(entry->special);
}

/*
 * Gives the entries of a section to the functions whose code they are for.  An entry can be for
 * replacement code, which in turn belongs to the function that refers to it: that is known only
 * after the entries for functions were given out, so this is called twice.
 */
static void give_entries(struct side *side, struct section *section, const struct special *special)
{
	GPtrArray *owners = side->owners[section->index];

	for (guint i = 0; i < owners->len; i++) {
		struct entry entry = {
			.special = special,
			.section = section,
			.offset = (guint64)i * special->entry_size,
		};
		guint64 field = entry.offset + special->code_offset;
		guint count;
		const struct reference *code =
			side_references(side, section, field, field + 1, &count);

		if (!count || g_ptr_array_index(owners, i))
			continue;
		struct entity *owner = code->entity;
		if (!owner && code->section)
			owner = owner_at(side, code->section, code->at);
		if (!owner || (owner->kind != ENTITY_FUNCTION && owner->kind != ENTITY_COLD))
			continue;
		entry.code = code->at;
		owners->pdata[i] = owner;
		add_entry(owner, &entry);
	}
}

static gint compare_entries(gconstpointer a, gconstpointer b)
{
	const struct entry *first = a, *second = b;

	if (first->special != second->special)
		return strcmp(first->special->name, second->special->name);
	if (first->code != second->code)
		return first->code < second->code ? -1 : 1;
	return first->offset < second->offset ? -1 : first->offset > second->offset;
}

static gboolean find_entries(struct side *side, GError **error)
{
	for (guint i = 0; i < side->object->sections->len; i++) {
		struct section *section = object_section_at(side->object, i);
		const struct special *special = side->specials[i];

		if (!special || special->policy != SPECIAL_COPY || !special->entry_size)
			continue;
		if (section->size % special->entry_size) {
			klatch_fail(error, KLATCH_INPUT, "the object can't be compared",
				    side->object->name, "it may be of another kernel series",
				    "section %s is not made of entries of %u bytes", section->name,
				    special->entry_size);
			return FALSE;
		}
		side->owners[i] = g_ptr_array_new();
		g_ptr_array_set_size(side->owners[i], section->size / special->entry_size);
		give_entries(side, section, special);
	}
	return TRUE;
}

/* The entries for replacement code. */
static void find_more_entries(struct side *side)
{
	for (guint i = 0; i < side->object->sections->len; i++) {
		struct section *section = object_section_at(side->object, i);

		if (side->owners[i])
			give_entries(side, section, side->specials[i]);
	}
	for (guint i = 0; i < side->count; i++)
		if (side->entities[i].entries)
			g_array_sort(side->entities[i].entries, compare_entries);
}

/* Whether what a section refers to means anything: tools' hints and the like do not. */
static gboolean section_uses(const struct side *side, const struct section *section)
{
	const struct special *special = side->specials[section->index];

	if (!side->references[section->index])
		return FALSE;
	return !special || special->policy == SPECIAL_COPY || special->policy == SPECIAL_CODE ||
	       special->registers;
}

static void add_start(const struct side *side, GArray **starts, const struct section *from,
		      const struct reference *reference)
{
	struct start start = {
		.at = reference->at,
		.owner = owner_at(side, from, reference->offset),
	};

	if (!*starts)
		*starts = g_array_new(FALSE, FALSE, sizeof(struct start));
	g_array_append_val(*starts, start);
}

/* Sorts starts and keeps one for each place, with an owner if any has one. */
static void settle_starts(GArray *starts)
{
	guint kept = 0;

	g_array_sort(starts, compare_starts);
	for (guint i = 0; i < starts->len; i++) {
		const struct start *start = &g_array_index(starts, struct start, i);
		struct start *last = &g_array_index(starts, struct start, kept ? kept - 1 : 0);

		if (kept && last->at == start->at)
			last->owner = last->owner ? last->owner : start->owner;
		else
			g_array_index(starts, struct start, kept++) = *start;
	}
	g_array_set_size(starts, kept);
}

static void find_starts(struct side *side)
{
	guint count = side->object->sections->len;
	GArray **starts = g_new0(GArray *, count);

	for (guint i = 0; i < count; i++) {
		const struct section *section = object_section_at(side->object, i);
		gboolean used = section_uses(side, section);

		for (guint j = 0; used && j < section->relocs->len; j++) {
			const struct reference *reference =
				&g_array_index(side->references[i], struct reference, j);

			if (!reference->entity && reference->section)
				add_start(side, &starts[reference->section->index], section,
					  reference);
		}
	}
	for (guint i = 0; i < count; i++)
		if (starts[i])
			settle_starts(starts[i]);
	side->starts = starts;
}

static void add_use(struct entity *entity, const struct use *use)
{
	if (!entity->uses)
		entity->uses = g_array_new(FALSE, FALSE, sizeof(struct use));
	g_array_append_val(entity->uses, *use);
	/* Who uses another name uses the thing itself. */
	if (entity->kind == ENTITY_ALIAS && entity->body)
		add_use(entity->body, use);
}

static void find_uses(struct side *side)
{
	for (guint i = 0; i < side->object->sections->len; i++) {
		const struct section *section = object_section_at(side->object, i);
		gboolean used = section_uses(side, section);

		for (guint j = 0; used && j < section->relocs->len; j++) {
			const struct reference *reference =
				&g_array_index(side->references[i], struct reference, j);
			struct use use = {
				.section = section,
				.at = reference->at,
				.branch = reference->branch,
			};

			if (!reference->entity)
				continue;
			use.user = owner_at(side, section, reference->offset);
			add_use(reference->entity, &use);
		}
	}
}

const struct use *side_address_use(const struct entity *function)
{
	for (guint i = 0; function->uses && i < function->uses->len; i++) {
		const struct use *use = &g_array_index(function->uses, struct use, i);

		if (!use->branch && !use->at && use_owner(use) != function)
			return use;
	}
	return NULL;
}

/* Whether all that a variable holds are addresses inside of functions, as for computed gotos. */
static gboolean is_jump_table(const struct side *side, const struct entity *entity)
{
	const struct symbol *symbol = entity->symbol;
	guint count;
	const struct reference *references = side_references(side, symbol->section, symbol->value,
							     symbol->value + symbol->size, &count);

	for (guint i = 0; i < count; i++) {
		const struct entity *target = references[i].entity;

		if (!target || !references[i].at ||
		    (target->kind != ENTITY_FUNCTION && target->kind != ENTITY_COLD))
			return FALSE;
	}
	return count > 0;
}

static void find_constants(struct side *side)
{
	for (guint i = 0; i < side->count; i++) {
		struct entity *entity = &side->entities[i];

		if (entity->kind != ENTITY_DATA || entity->global ||
		    (entity->symbol->section->flags & SHF_WRITE))
			continue;
		if ((entity->stem && name_class(entity->stem) == NAME_CONSTANT) ||
		    is_jump_table(side, entity))
			entity->kind = ENTITY_CONSTANT;
	}
}

struct side *side_new(struct object *object, guint series, GError **error)
{
	struct side *side = g_new0(struct side, 1);
	guint sections = side->section_count = object->sections->len;

	side->object = object;
	side->count = object->symbols->len;
	side->entities = g_new0(struct entity, side->count);
	side->bodies = g_new0(GPtrArray *, sections);
	side->references = g_new0(GArray *, sections);
	side->specials = g_new0(const struct special *, sections);
	side->owners = g_new0(GPtrArray *, sections);
	side->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < sections; i++)
		side->specials[i] = special_find(object_section_at(object, i)->name, series);

	find_entities(side);
	find_aliases_and_cold_parts(side);
	for (guint i = 0; i < sections; i++)
		if (object_section_at(object, i)->flags & SHF_ALLOC)
			find_references(side, object_section_at(object, i));
	if (!find_entries(side, error)) {
		side_free(side);
		return NULL;
	}
	find_starts(side);
	find_more_entries(side);
	find_constants(side);
	find_uses(side);
	return side;
}

static void free_entity(struct entity *entity)
{
	if (entity->entries)
		g_array_unref(entity->entries);
	if (entity->uses)
		g_array_unref(entity->uses);
	g_free(entity->why);
}

void side_free(struct side *side)
{
	for (guint i = 0; i < side->count; i++)
		free_entity(&side->entities[i]);
	for (guint i = 0; i < side->section_count; i++) {
		g_clear_pointer(&side->bodies[i], g_ptr_array_unref);
		g_clear_pointer(&side->references[i], g_array_unref);
		g_clear_pointer(&side->owners[i], g_ptr_array_unref);
		if (side->starts)
			g_clear_pointer(&side->starts[i], g_array_unref);
	}
	g_free(side->entities);
	g_free(side->bodies);
	g_free(side->references);
	g_free(side->owners);
	g_free(side->starts);
	g_free(side->specials);
	g_hash_table_unref(side->by_name);
	g_free(side);
}
