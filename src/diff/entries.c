/*
 * Special sections of one side: to which function each entry belongs, and where pieces of
 * replacement code and other anonymous bytes begin.
 */
#include <string.h>

#include "base/error.h"
#include "diff/entries.h"

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

/*
 * An entry of .altinstructions can name replacement code of no length, which lies where that of the
 * next entry begins: nothing at all, not what follows.
 */
static gboolean is_empty_code(const struct side *side, const struct section *place,
			      const struct reference *reference)
{
	const struct special *special = side->specials[place->index];
	guint count;

	if (!special || !special->entry_size)
		return FALSE;
	guint64 next = reference->offset + special->entry_size;
	const struct reference *other = side_references(side, place, next, next + 1, &count);
	return count && other->section == reference->section && other->at == reference->at;
}

/* Otherwise it reaches to the next place that anything refers to. */
guint64 side_code_size(const struct side *side, const struct section *place,
		       const struct reference *reference)
{
	const struct section *section = reference->section;
	const GArray *starts = side->starts[section->index];
	guint index = starts ? start_index(starts, reference->at) + 1 : 0;
	gint64 end = section->size;

	if (reference->at < 0 || reference->at >= end || is_empty_code(side, place, reference))
		return 0;
	if (starts && index < starts->len)
		end = MIN(end, g_array_index(starts, struct start, index).at);
	return end - reference->at;
}

struct entity *entries_owner(const struct side *side, const struct section *section, guint64 offset)
{
	const struct special *special = side->specials[section->index];
	struct entity *body = side_body_at(side, section, offset);
	const GArray *starts = side->starts ? side->starts[section->index] : NULL;
	const GPtrArray *owners = side->owners[section->index];

	if (body)
		return body;
	if (owners)
		return offset / special->entry_size < owners->len
			       ? g_ptr_array_index(owners, offset / special->entry_size)
			       : NULL;
	guint index = starts ? start_index(starts, offset) : 0;
	return starts && index < starts->len ? g_array_index(starts, struct start, index).owner
					     : NULL;
}

/* Whether entries of a special section mark what ftrace can take over. */
static gboolean marks_sites(const struct special *special)
{
	return !strcmp(special->name, "__mcount_loc");
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
			owner = entries_owner(side, code->section, code->at);
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

gboolean entries_find(struct side *side, GError **error)
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

void entries_find_more(struct side *side)
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

gboolean entries_matter(const struct side *side, const struct section *section)
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
		.owner = entries_owner(side, from, reference->offset),
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

void entries_find_starts(struct side *side)
{
	guint count = side->object->sections->len;
	GArray **starts = g_new0(GArray *, count);

	for (guint i = 0; i < count; i++) {
		const struct section *section = object_section_at(side->object, i);
		gboolean used = entries_matter(side, section);

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
