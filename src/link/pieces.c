/*
 * Collecting: from the sections that the diff names outwards, until nothing more is referred to.
 * Entries of special sections point at the code that owns them, so those tables are looked through
 * again whenever more code has come along.
 */
#include <string.h>

#include "kernel/special.h"
#include "link/pieces.h"
#include "link/x86.h"

struct pieces {
	GHashTable *of_section; /* struct section * -> GPtrArray of struct piece, owned */
};

struct collector {
	const struct object *patched;
	guint series;
	struct pieces *pieces;
	GPtrArray *order;	/* of struct piece *, as they were taken */
	GHashTable *boundaries; /* struct section * -> GArray of gint64, see code_boundaries() */
};

void pieces_free(struct pieces *pieces)
{
	if (!pieces)
		return;
	g_hash_table_unref(pieces->of_section);
	g_free(pieces);
}

const GPtrArray *pieces_of(const struct pieces *pieces, const struct section *section)
{
	return g_hash_table_lookup(pieces->of_section, section);
}

struct piece *pieces_at(const struct pieces *pieces, const struct section *section, gint64 offset)
{
	const GPtrArray *list = pieces_of(pieces, section);
	struct piece *empty = NULL;

	/* An empty piece (the replacement of an alternative) may lie where another begins. */
	for (guint i = 0; list && i < list->len; i++) {
		struct piece *piece = g_ptr_array_index(list, i);
		gint64 start = piece->start, end = piece->end;

		if (piece->whole || (start <= offset && offset < end))
			return piece;
		if (start == offset)
			empty = piece;
	}
	return empty;
}

static void take(struct collector *collector, struct section *section, guint64 start, guint64 end,
		 gboolean whole)
{
	GHashTable *of_section = collector->pieces->of_section;
	GPtrArray *list = g_hash_table_lookup(of_section, section);
	struct piece *piece = g_new0(struct piece, 1);
	guint at = 0;

	if (!list) {
		list = g_ptr_array_new_with_free_func(g_free);
		g_hash_table_insert(of_section, section, list);
	}
	while (at < list->len && ((struct piece *)g_ptr_array_index(list, at))->start < start)
		at++;
	*piece = (struct piece){.from = section, .start = start, .end = end, .whole = whole};
	g_ptr_array_insert(list, at, piece);
	g_ptr_array_add(collector->order, piece);
}

static int compare_offsets(gconstpointer a, gconstpointer b)
{
	gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

	return first < second ? -1 : first > second;
}

static void add_boundaries(const struct section *from, const struct section *to, GArray *boundaries)
{
	for (guint i = 0; i < from->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(from, i);

		if (!reloc->symbol || reloc->symbol->section != to)
			continue;
		gint64 target = x86_code_target(from, reloc);
		g_array_append_val(boundaries, target);
	}
}

/*
 * Where pieces of replacement code may begin: wherever anything in the object refers to, and the
 * section's end.  Nothing else tells how long a piece is.
 */
static const GArray *code_boundaries(struct collector *collector, struct section *section)
{
	GArray *boundaries = g_hash_table_lookup(collector->boundaries, section);
	gint64 end = section->size;

	if (boundaries)
		return boundaries;
	boundaries = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; i < collector->patched->sections->len; i++)
		add_boundaries(object_section_at(collector->patched, i), section, boundaries);
	g_array_append_val(boundaries, end);
	g_array_sort(boundaries, compare_offsets);
	g_hash_table_insert(collector->boundaries, section, boundaries);
	return boundaries;
}

static void take_code(struct collector *collector, struct section *section, gint64 start)
{
	const GArray *boundaries = code_boundaries(collector, section);

	for (guint i = 0; start >= 0 && i < boundaries->len; i++) {
		gint64 end = g_array_index(boundaries, gint64, i);

		if (end > start) {
			take(collector, section, start, end, FALSE);
			return;
		}
	}
}

/*
 * Takes what a relocation of a piece leads to, if that has no identity of its own: replacement
 * code, and strings and constants that a linker may merge.
 */
static void follow(struct collector *collector, const struct section *from,
		   const struct reloc *reloc)
{
	struct section *to = reloc->symbol ? reloc->symbol->section : NULL;

	if (!to)
		return;

	const struct special *special = special_find(to->name, collector->series);
	gint64 target = x86_code_target(from, reloc);
	if (pieces_at(collector->pieces, to, target))
		return;
	if (special && special->policy == SPECIAL_CODE)
		take_code(collector, to, target);
	else if (to->flags & SHF_MERGE)
		take(collector, to, 0, to->size, TRUE);
}

static void follow_piece(struct collector *collector, const struct piece *piece)
{
	const struct section *from = piece->from;

	for (guint i = section_reloc_index(from, piece->start);
	     i < from->relocs->len && section_reloc(from, i)->offset < piece->end; i++)
		follow(collector, from, section_reloc(from, i));
}

/* An alternative says how long its replacement is, and it may be empty: so that is taken here. */
static void take_replacement(struct collector *collector, const struct section *table,
			     guint64 offset, guint entry_size)
{
	const struct reloc *reloc = section_reloc_at(table, offset + X86_ALTERNATIVE_REPLACEMENT);
	guint size = x86_alternative(table->data + offset, entry_size).replacement_size;

	if (!reloc || !reloc->symbol || !reloc->symbol->section)
		return;
	struct section *code = reloc->symbol->section;
	guint64 start = x86_code_target(table, reloc);
	const struct piece *known = pieces_at(collector->pieces, code, start);
	if (start + size <= code->size && (!known || known->end < start + size))
		take(collector, code, start, start + size, FALSE);
}

/* Whether the code that an entry belongs to comes along, and the entry is not taken yet. */
static gboolean entry_is_wanted(const struct collector *collector, const struct section *table,
				const struct special *special, guint64 offset)
{
	const struct reloc *reloc = section_reloc_at(table, offset + special->code_offset);

	return reloc && reloc->symbol && reloc->symbol->section &&
	       pieces_at(collector->pieces, reloc->symbol->section,
			 x86_code_target(table, reloc)) &&
	       !pieces_at(collector->pieces, table, offset);
}

static void take_entries(struct collector *collector, struct section *table,
			 const struct special *special)
{
	for (guint64 offset = 0; offset + special->entry_size <= table->size;
	     offset += special->entry_size) {
		if (!entry_is_wanted(collector, table, special, offset))
			continue;
		take(collector, table, offset, offset + special->entry_size, FALSE);
		if (!strcmp(table->name, ".altinstructions"))
			take_replacement(collector, table, offset, special->entry_size);
	}
}

static void take_all_entries(struct collector *collector)
{
	for (guint i = 0; i < collector->patched->sections->len; i++) {
		struct section *table = object_section_at(collector->patched, i);
		const struct special *special = special_find(table->name, collector->series);

		if (special && special->entry_size &&
		    (special->policy == SPECIAL_COPY || special->policy == SPECIAL_HINT))
			take_entries(collector, table, special);
	}
}

static void collect(struct collector *collector, const struct diff *diff)
{
	guint followed = 0;

	for (guint i = 0; i < collector->patched->sections->len; i++) {
		struct section *section = object_section_at(collector->patched, i);

		if (g_hash_table_contains(diff->sections, section))
			take(collector, section, 0, section->size, TRUE);
	}
	while (followed < collector->order->len) {
		for (; followed < collector->order->len; followed++)
			follow_piece(collector, g_ptr_array_index(collector->order, followed));
		take_all_entries(collector);
	}
}

struct pieces *pieces_collect(const struct object *patched, const struct diff *diff, guint series)
{
	struct pieces *pieces = g_new0(struct pieces, 1);
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	g_autoptr(GHashTable) boundaries =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
	struct collector collector = {
		.patched = patched,
		.series = series,
		.pieces = pieces,
		.order = order,
		.boundaries = boundaries,
	};

	pieces->of_section =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
	collect(&collector, diff);
	return pieces;
}
