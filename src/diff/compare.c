/*
 * Comparison of bytes, relocations and special entries.
 *
 * What is named is the same if it is its twin.  What is anonymous is compared by content: where it
 * lies and how it is numbered says nothing.
 */
#include <string.h>

#include "diff/compare.h"

/* Constants can refer to constants; deeper than this is taken to differ. */
#define DEPTH_LIMIT 8

static gboolean compare_ranges(const struct range *original, const struct range *patched,
			       guint depth, struct difference *difference);

struct range range_of_entity(const struct side *side, const struct entity *entity)
{
	return (struct range){
		.side = side,
		.section = entity->symbol->section,
		.start = entity->symbol->value,
		.size = entity->symbol->size,
	};
}

struct range range_of_entry(const struct side *side, const struct entry *entry)
{
	return (struct range){
		.side = side,
		.section = entry->section,
		.start = entry->offset,
		.size = entry->special->entry_size,
		.ignored = entry->special->ignored_offset,
		.ignored_size = entry->special->ignored_size,
	};
}

struct range range_of_section(const struct side *side, const struct section *section)
{
	return (struct range){.side = side, .section = section, .size = section->size};
}

static guint8 byte_at(const struct range *range, guint64 offset)
{
	return range->section->data ? range->section->data[range->start + offset] : 0;
}

static gboolean is_ignored(const struct range *range, guint64 offset)
{
	return offset >= range->ignored && offset - range->ignored < range->ignored_size;
}

/* Compares bytes from one offset to another; *at is the first that differs. */
static gboolean bytes_equal(const struct range *original, const struct range *patched, guint64 from,
			    guint64 to, guint64 *at)
{
	if (!original->section->data && !patched->section->data)
		return TRUE;
	if (original->section->data && patched->section->data && from < to &&
	    !memcmp(original->section->data + original->start + from,
		    patched->section->data + patched->start + from, to - from))
		return TRUE;
	for (*at = from; *at < to; ++*at)
		if (byte_at(original, *at) != byte_at(patched, *at) && !is_ignored(original, *at))
			return FALSE;
	return TRUE;
}

/* Strings of characters of any width, which end with a zero or with their section. */
static gboolean strings_equal(const struct section *original, guint64 original_at,
			      const struct section *patched, guint64 patched_at)
{
	static const guint8 zero[sizeof(guint32)];
	guint64 width = CLAMP(original->entsize, 1, sizeof(zero));

	for (;; original_at += width, patched_at += width) {
		gboolean original_ends = original_at + width > original->size;
		gboolean patched_ends = patched_at + width > patched->size;

		if (original_ends || patched_ends)
			return original_ends && patched_ends;
		if (memcmp(original->data + original_at, patched->data + patched_at, width))
			return FALSE;
		if (!memcmp(original->data + original_at, zero, width))
			return TRUE;
	}
}

/* What follows a place in a section whose entries all have one size, up to the entry's end. */
static struct range rest_of_entry(const struct side *side, const struct section *section,
				  guint64 at, guint64 entry_size)
{
	struct range range = {.side = side, .section = section, .start = at};

	if (at < section->size)
		range.size = MIN(entry_size - at % entry_size, section->size - at);
	return range;
}

/* The piece of replacement code that a reference leads to. */
static struct range range_of_code_piece(const struct range *place,
					const struct reference *reference)
{
	return (struct range){
		.side = place->side,
		.section = reference->section,
		.start = reference->at,
		.size = side_code_size(place->side, place->section, reference),
	};
}

static gboolean code_equal(const struct range *original_place, const struct reference *original,
			   const struct range *patched_place, const struct reference *patched,
			   guint depth)
{
	struct range first = range_of_code_piece(original_place, original);
	struct range second = range_of_code_piece(patched_place, patched);

	return compare_ranges(&first, &second, depth, NULL);
}

/* Code can refer to a place before a table that it indexes, so all of a table is compared. */
static gboolean wholes_equal(const struct side *original_side, const struct reference *original,
			     const struct side *patched_side, const struct reference *patched,
			     guint depth)
{
	struct range first = range_of_section(original_side, original->section);
	struct range second = range_of_section(patched_side, patched->section);

	return original->at == patched->at && compare_ranges(&first, &second, depth, NULL);
}

/* An entry of a section whose entries all have one size. */
static gboolean entries_equal(const struct side *original_side, const struct reference *original,
			      const struct side *patched_side, const struct reference *patched,
			      guint depth)
{
	const struct special *special = original_side->specials[original->section->index];
	guint64 size = special ? special->entry_size : original->section->entsize;

	if (!size)
		return wholes_equal(original_side, original, patched_side, patched, depth);
	struct range first = rest_of_entry(original_side, original->section, original->at, size);
	struct range second = rest_of_entry(patched_side, patched->section, patched->at, size);

	if (special && !(original->at % size)) {
		first.ignored = special->ignored_offset;
		first.ignored_size = special->ignored_size;
	}
	return compare_ranges(&first, &second, depth, NULL);
}

static gboolean anonymous_equal(const struct range *original_place,
				const struct reference *original, const struct range *patched_place,
				const struct reference *patched, guint depth)
{
	const struct side *original_side = original_place->side;
	const struct side *patched_side = patched_place->side;
	const struct section *first = original->section, *second = patched->section;
	const struct special *special = original_side->specials[first->index];

	if (!first->size && !second->size)
		return TRUE;
	if (special != patched_side->specials[second->index] || first->flags != second->flags)
		return FALSE;
	if (special && special->policy == SPECIAL_CODE)
		return code_equal(original_place, original, patched_place, patched, depth);
	if ((guint64)original->at >= first->size || (guint64)patched->at >= second->size)
		return wholes_equal(original_side, original, patched_side, patched, depth);
	if ((first->flags & SHF_STRINGS) && first->data && second->data)
		return strings_equal(first, original->at, second, patched->at);
	if ((special && special->entry_size) || (first->flags & SHF_MERGE))
		return entries_equal(original_side, original, patched_side, patched, depth);
	/* Both are compared on their own: data.c. */
	if (first->flags & (SHF_WRITE | SHF_EXECINSTR))
		return original->at == patched->at && !strcmp(first->name, second->name);
	return wholes_equal(original_side, original, patched_side, patched, depth);
}

/* An address at the end of a variable may mean what lies behind it. */
static gboolean ends_equal(const struct side *original_side, const struct entity *original,
			   const struct side *patched_side, const struct entity *patched)
{
	const struct entity *first = side_behind(original_side, original);
	const struct entity *second = side_behind(patched_side, patched);

	return first ? first->twin == second && second : !second;
}

static gboolean references_equal(const struct range *original_place,
				 const struct reference *original,
				 const struct range *patched_place, const struct reference *patched,
				 guint depth)
{
	const struct entity *first = original->entity, *second = patched->entity;

	if (original->type != patched->type || !first != !second ||
	    !original->section != !patched->section)
		return FALSE;
	if (!first)
		return original->section ? anonymous_equal(original_place, original, patched_place,
							   patched, depth)
					 : original->at == patched->at;
	if (original->at != patched->at)
		return FALSE;
	if (first->kind == ENTITY_CONSTANT && second->kind == ENTITY_CONSTANT) {
		struct range one = range_of_entity(original_place->side, first);
		struct range two = range_of_entity(patched_place->side, second);
		return compare_ranges(&one, &two, depth, NULL);
	}
	if (first->twin == second)
		return (guint64)original->at != first->symbol->size ||
		       ends_equal(original_place->side, first, patched_place->side, second);
	/* What moved into or out of the unit is still what other units know by this name. */
	return (first->kind == ENTITY_FOREIGN || second->kind == ENTITY_FOREIGN) && first->global &&
	       second->global && !strcmp(first->symbol->name, second->symbol->name);
}

/* The references of a range, walked in step with those of another. */
struct cursor {
	const struct reference *references;
	guint count;
	guint64 start;
};

static struct cursor cursor_of(const struct range *range)
{
	struct cursor cursor = {.start = range->start};

	cursor.references = side_references(range->side, range->section, range->start,
					    range->start + range->size, &cursor.count);
	return cursor;
}

static guint64 cursor_offset(const struct cursor *cursor, guint index, guint64 end)
{
	return index < cursor->count ? cursor->references[index].offset - cursor->start : end;
}

static gboolean differ_at(struct difference *difference, guint64 offset,
			  const struct reference *original, const struct reference *patched)
{
	if (difference)
		*difference = (struct difference){offset, original, patched};
	return FALSE;
}

/* Takes the references of two ranges to be equal or not. */
typedef gboolean reference_test(const struct range *original_place,
				const struct reference *original, const struct range *patched_place,
				const struct reference *patched, guint depth);

static gboolean walk_ranges(const struct range *original, const struct range *patched,
			    reference_test *equal, guint depth, struct difference *difference)
{
	struct cursor first = cursor_of(original), second = cursor_of(patched);
	guint64 size = MIN(original->size, patched->size), reached = 0, at;

	for (guint i = 0;; i++) {
		guint64 first_next = cursor_offset(&first, i, size);
		guint64 second_next = cursor_offset(&second, i, size);
		guint64 next = MIN(MIN(first_next, second_next), size);

		if (!bytes_equal(original, patched, reached, next, &at))
			return differ_at(difference, at, NULL, NULL);
		if (first_next != second_next)
			return differ_at(difference, next, NULL, NULL);
		if (next == size)
			break;
		const struct reference *one = &first.references[i], *two = &second.references[i];
		if (!equal(original, one, patched, two, depth))
			return differ_at(difference, next, one, two);
		reached = MIN(next + MAX(reloc_size(one->type), 0), size);
	}
	return original->size == patched->size || differ_at(difference, size, NULL, NULL);
}

static gboolean compare_ranges(const struct range *original, const struct range *patched,
			       guint depth, struct difference *difference)
{
	if (depth == DEPTH_LIMIT)
		return FALSE;
	return walk_ranges(original, patched, references_equal, depth + 1, difference);
}

gboolean ranges_equal(const struct range *original, const struct range *patched,
		      struct difference *difference)
{
	return compare_ranges(original, patched, 0, difference);
}

static gboolean references_alike(const struct range *original_place,
				 const struct reference *original,
				 const struct range *patched_place, const struct reference *patched,
				 guint depth)
{
	return original->type == patched->type && !original->entity == !patched->entity &&
	       (!original->entity || original->at == patched->at);
}

gboolean ranges_alike(const struct range *original, const struct range *patched)
{
	return walk_ranges(original, patched, references_alike, 0, NULL);
}

/* What a reference leads to, in words. */
static char *target_text(const struct reference *reference)
{
	if (reference->entity)
		return g_strdup(reference->entity->symbol->name);
	if (!reference->section)
		return g_strdup("nothing");
	if (reference->section->flags & SHF_STRINGS)
		return g_strdup("a string");
	return g_strdup_printf("%s+0x%" G_GINT64_MODIFIER "x", reference->section->name,
			       (guint64)reference->at);
}

char *difference_text(const struct difference *difference, const char *subject)
{
	if (!difference->original)
		return g_strdup_printf("%s differs at +0x%" G_GINT64_MODIFIER "x", subject,
				       difference->offset);

	g_autofree char *original = target_text(difference->original);
	g_autofree char *patched = target_text(difference->patched);
	gboolean named =
		difference->patched->entity && difference->patched->entity->kind != ENTITY_CONSTANT;
	if (strcmp(original, patched))
		return g_strdup_printf("refers to %s instead of %s at +0x%" G_GINT64_MODIFIER "x",
				       patched, original, difference->offset);
	return g_strdup_printf(named ? "refers to another %s at +0x%" G_GINT64_MODIFIER "x"
				     : "%s that it refers to at +0x%" G_GINT64_MODIFIER "x differs",
			       patched, difference->offset);
}

/* Functions that are connected by short jumps come along together or not at all, see split.c. */
static gboolean shares_section(const struct side *side, const struct entity *entity)
{
	return side->bodies[entity->symbol->section->index]->len > 1;
}

static struct range range_of_code(const struct side *side, const struct entity *entity)
{
	return shares_section(side, entity) ? range_of_section(side, entity->symbol->section)
					    : range_of_entity(side, entity);
}

static const struct entry *entry_at(const struct entity *entity, guint index)
{
	return entity->entries && index < entity->entries->len
		       ? &g_array_index(entity->entries, struct entry, index)
		       : NULL;
}

static char *entries_difference(const struct side *original_side, const struct entity *original,
				const struct side *patched_side, const struct entity *patched)
{
	for (guint i = 0;; i++) {
		const struct entry *one = entry_at(original, i), *two = entry_at(patched, i);

		if (!one && !two)
			return NULL;
		if (one && two && one->special == two->special) {
			struct range first = range_of_entry(original_side, one);
			struct range second = range_of_entry(patched_side, two);

			if (ranges_equal(&first, &second, NULL))
				continue;
		}
		return g_strdup_printf("%s entry differs",
				       two ? two->section->name : one->section->name);
	}
}

char *function_difference(const struct side *original_side, const struct entity *original,
			  const struct side *patched_side, const struct entity *patched)
{
	struct range one = range_of_code(original_side, original);
	struct range two = range_of_code(patched_side, patched);
	struct difference difference;

	if (!ranges_equal(&one, &two, &difference))
		return difference_text(&difference, shares_section(patched_side, patched)
							    ? "code that it is connected with"
							    : "code");

	char *entries = entries_difference(original_side, original, patched_side, patched);
	if (entries)
		return entries;
	if (!original->cold && !patched->cold)
		return NULL;
	if (!original->cold || !patched->cold)
		return g_strdup(patched->cold ? "has a cold part now"
					      : "has no cold part any more");
	g_autofree char *cold =
		function_difference(original_side, original->cold, patched_side, patched->cold);
	return cold ? g_strdup_printf("cold part: %s", cold) : NULL;
}
