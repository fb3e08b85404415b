/*
 * One side of a comparison.  What is what: symbols, then references, then special entries, then
 * users; each step needs the ones before.
 */
#include <string.h>

#include "base/error.h"
#include "diff/entries.h"
#include "diff/insn.h"
#include "diff/names.h"
#include "diff/side.h"

static GPtrArray *bodies_of(const struct side *side, const struct section *section)
{
	return side->bodies[section->index];
}

struct entity *side_body_at(const struct side *side, const struct section *section, gint64 at)
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
	struct entity *body = side_body_at(side, section, at);

	return !body && bodies && bodies->len == 1 ? g_ptr_array_index(bodies, 0) : body;
}

struct entity *side_behind(const struct side *side, const struct entity *entity)
{
	const struct symbol *symbol = entity->symbol;

	return entity->kind == ENTITY_DATA
		       ? side_body_at(side, symbol->section, symbol->value + symbol->size)
		       : NULL;
}

static void name_entity(struct side *side, struct entity *entity)
{
	const struct symbol *symbol = entity->symbol;
	g_autofree char *stem = name_stem(symbol->name);

	entity->global = symbol->binding != STB_LOCAL;
	if (stem && symbol->section)
		entity->stem = g_intern_string(stem);
	if (!g_hash_table_insert(side->by_name, symbol->name, entity))
		g_hash_table_insert(side->by_name, symbol->name, NULL);
}

static enum entity_kind kind_of(const struct symbol *symbol)
{
	if (symbol->type == STT_FILE || symbol->type == STT_SECTION || symbol->name[0] == '.' ||
	    !symbol->name[0])
		return ENTITY_NONE;
	if (name_is_btf_id(symbol->name))
		return ENTITY_NONE;
	if (!symbol->section)
		return ENTITY_FOREIGN;
	/* An empty structure (a lock class without lockdep) may lie where something else begins. */
	if (symbol->type == STT_OBJECT && !symbol->size)
		return symbol->section->size || symbol->binding != STB_LOCAL ? ENTITY_ALIAS
									     : ENTITY_CONSTANT;
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
			body->global |=
				entity->global && !name_is_device_table(entity->symbol->name);
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

static void find_aliases(struct side *side)
{
	for (guint i = 0; i < side->count; i++) {
		struct entity *entity = &side->entities[i];

		if (entity->kind == ENTITY_ALIAS)
			entity->body =
				side_body_at(side, entity->symbol->section, entity->symbol->value);
	}
}

static void find_cold_parts(struct side *side)
{
	for (guint i = 0; i < side->count; i++) {
		struct entity *entity = &side->entities[i];
		g_autofree char *name =
			entity->kind == ENTITY_FUNCTION ? name_of_cold(entity->symbol->name) : NULL;
		struct entity *parent = name ? g_hash_table_lookup(side->by_name, name) : NULL;

		if (parent && parent->kind == ENTITY_ALIAS)
			parent = parent->body;
		if (!parent || parent->kind != ENTITY_FUNCTION || strstr(name, ".cold"))
			continue;
		entity->kind = ENTITY_COLD;
		entity->parent = parent;
		parent->cold = entity;
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
		/* The assembler says PC32 of a call of what is local. */
		struct reference reference = {
			.offset = reloc->offset,
			.type = reloc->type == R_X86_64_PLT32 ? R_X86_64_PC32 : reloc->type,
			.branch = uses[i].branch,
			.access = uses[i].access,
			.address = uses[i].address,
			.at = insn_use_offset(&uses[i], reloc),
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

	*count = references && start < end ? section_reloc_index(section, end) - first : 0;
	return *count ? &g_array_index(references, struct reference, first) : NULL;
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
		gboolean used = entries_matter(side, section);

		for (guint j = 0; used && j < section->relocs->len; j++) {
			const struct reference *reference =
				&g_array_index(side->references[i], struct reference, j);
			struct use use = {
				.section = section,
				.at = reference->at,
				.branch = reference->branch,
				.access = reference->access,
				.address = reference->address,
			};

			if (!reference->entity)
				continue;
			use.user = entries_owner(side, section, reference->offset);
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

		/* The beginning of a function is what a pointer to it holds; that of a cold part
		 * is a label as any other. */
		if (!target || (target->kind != ENTITY_COLD &&
				(target->kind != ENTITY_FUNCTION || !references[i].at)))
			return FALSE;
	}
	return count > 0;
}

/* What is only relocated (".data.rel.ro") is as constant as what needs not be. */
static gboolean is_writable(const struct section *section)
{
	return (section->flags & SHF_WRITE) && !g_str_has_prefix(section->name, ".data.rel.ro");
}

static void find_constants(struct side *side)
{
	for (guint i = 0; i < side->count; i++) {
		struct entity *entity = &side->entities[i];

		if (entity->kind != ENTITY_DATA || entity->global ||
		    is_writable(entity->symbol->section))
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
	find_aliases(side);
	find_cold_parts(side);
	for (guint i = 0; i < sections; i++)
		if (object_section_at(object, i)->flags & SHF_ALLOC)
			find_references(side, object_section_at(object, i));
	if (!entries_find(side, error)) {
		side_free(side);
		return NULL;
	}
	entries_find_starts(side);
	entries_find_more(side);
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
