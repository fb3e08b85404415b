/*
 * Sections that hold several things are cut into pieces, one for each.
 *
 * The assembler resolves a branch between local functions of one section by itself, and writes a
 * relocation against a local symbol as one against its section.  With all functions in sections of
 * their own both are undone here, so that no later step has to know of them.
 */
#include <string.h>

#include "diff/comparison.h"
#include "diff/insn.h"
#include "diff/names.h"
#include "diff/split.h"
#include "kernel/special.h"

/* A part of a section that is to be a section of its own. */
struct piece {
	guint64 start, end;
	const struct symbol *body; /* the function or variable it is, or NULL for anonymous bytes */
	struct section *section; /* what it becomes, or the whole old section if that is not cut */
};

struct split {
	struct object *object;
	guint series;
	guint count;	 /* of the sections before anything is cut */
	GArray **pieces; /* by index of such a section: of struct piece by rising start; NULL if it
			    holds nothing that has a name */
};

static struct piece *piece_at(const GArray *pieces, guint index)
{
	return &g_array_index(pieces, struct piece, index);
}

static gboolean is_body(const struct symbol *symbol)
{
	const struct section *section = symbol->section;

	return section && (section->flags & SHF_ALLOC) &&
	       (section->type == SHT_PROGBITS || section->type == SHT_NOBITS) && symbol->size &&
	       (symbol->type == STT_FUNC || symbol->type == STT_OBJECT);
}

/* By place; of several symbols at one place the largest first, else in order of the file. */
static gint compare_bodies(gconstpointer a, gconstpointer b)
{
	const struct symbol *first = *(const struct symbol *const *)a;
	const struct symbol *second = *(const struct symbol *const *)b;

	if (first->value != second->value)
		return first->value < second->value ? -1 : 1;
	if (first->size != second->size)
		return first->size > second->size ? -1 : 1;
	return first->index < second->index ? -1 : first->index > second->index;
}

/* Whether bytes between two functions or variables are nothing but padding. */
static gboolean is_padding(const struct section *section, guint64 start, guint64 end)
{
	guint first = section_reloc_index(section, start);

	if (first < section->relocs->len && section_reloc(section, first)->offset < end)
		return FALSE;
	if (!section->data)
		return TRUE;
	if (section_is_text(section))
		return insn_is_padding(section, start, end);
	for (guint64 i = start; i < end; i++)
		if (section->data[i])
			return FALSE;
	return TRUE;
}

static guint64 align_up(guint64 value, guint64 align)
{
	return align > 1 ? (value + align - 1) / align * align : value;
}

/* Adds the bytes before `end` that no symbol covers, unless they are padding. */
static void add_gap(GArray *pieces, struct section *section, guint64 start, guint64 end)
{
	struct piece gap = {.start = start, .end = end, .section = section};

	if (start < end && !is_padding(section, start, end))
		g_array_append_val(pieces, gap);
}

static void add_body(GArray *pieces, const struct symbol *symbol)
{
	struct section *section = symbol->section;
	struct piece *last = pieces->len ? piece_at(pieces, pieces->len - 1) : NULL;
	guint64 before = last ? last->end : 0;
	struct piece piece = {
		.start = symbol->value,
		.end = symbol->value + symbol->size,
		.body = symbol,
		.section = section,
	};

	if (last && piece.start < last->end) {
		last->end = MAX(last->end, piece.end);
		return;
	}
	/* Space for patching before the entry belongs to the function (-fpatchable-function-entry).
	 */
	if (section_is_text(section) && is_padding(section, before, piece.start))
		piece.start = MIN(piece.start, align_up(before, section->align));
	add_gap(pieces, section, before, piece.start);
	g_array_append_val(pieces, piece);
}

static void find_pieces(struct split *split)
{
	g_autoptr(GPtrArray) bodies = g_ptr_array_new();

	for (guint i = 0; i < split->object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(split->object, i);

		if (is_body(symbol) && !special_find(symbol->section->name, split->series))
			g_ptr_array_add(bodies, symbol);
	}
	g_ptr_array_sort(bodies, compare_bodies);
	for (guint i = 0; i < bodies->len; i++) {
		const struct symbol *symbol = g_ptr_array_index(bodies, i);
		GArray **pieces = &split->pieces[symbol->section->index];

		if (!*pieces)
			*pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
		add_body(*pieces, symbol);
	}
	for (guint i = 0; i < split->count; i++) {
		GArray *pieces = split->pieces[i];
		struct section *section = object_section_at(split->object, i);

		if (pieces)
			add_gap(pieces, section, piece_at(pieces, pieces->len - 1)->end,
				section->size);
	}
}

/* The piece that holds an offset; one that holds none belongs to what ends or begins there. */
static guint piece_index(const GArray *pieces, guint64 offset)
{
	guint low = 0, high = pieces->len;

	if ((gint64)offset < 0)
		return 0;
	while (low + 1 < high) {
		guint middle = low + (high - low) / 2;

		if (piece_at(pieces, middle)->start <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Whether an instruction refers to another piece than its own, without a relocation. */
static gboolean leaves_piece(const struct section *section, const GArray *pieces,
			     const struct insn *insn)
{
	const struct piece *own = piece_at(pieces, piece_index(pieces, insn->offset));

	return insn->field_size && insn->target < section->size &&
	       (insn->target < own->start || insn->target >= own->end) &&
	       !section_reloc_at(section, insn->field);
}

/* Functions that a short jump connects stay together: no relocation can say it. */
static void join_pieces(const struct section *section, GArray *pieces)
{
	struct insn_walk walk = {.section = section, .end = section->size};

	while (insn_next(&walk)) {
		if (walk.insn.field_size == sizeof(gint32) ||
		    !leaves_piece(section, pieces, &walk.insn))
			continue;
		guint from = piece_index(pieces, MIN(walk.insn.offset, walk.insn.target));
		guint to = piece_index(pieces, MAX(walk.insn.offset, walk.insn.target));
		piece_at(pieces, from)->end = piece_at(pieces, to)->end;
		g_array_remove_range(pieces, from + 1, to - from);
	}
}

/* Whether anything in a section refers to a piece. */
static gboolean refers_to_piece(const struct section *place, const struct insn_use *uses,
				const struct section *target, const struct piece *piece)
{
	for (guint i = 0; i < place->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(place, i);
		guint64 at = insn_use_offset(&uses[i], reloc);

		if (reloc->symbol && reloc->symbol == target->symbol && at >= piece->start &&
		    at < piece->end)
			return TRUE;
	}
	return FALSE;
}

/*
 * The address where one variable begins is also that of the end of the one before, which a loop
 * over an array compares with.  Where that is possible the two stay together, so that neither can
 * be new without the other.  A descriptor of dynamic debugging is no array.
 */
static void join_arrays(struct split *split, const struct section *place,
			const struct insn_use *uses)
{
	for (guint i = 0; i < place->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(place, i);
		guint64 at = insn_use_offset(&uses[i], reloc);
		const struct section *target = reloc->symbol && reloc->symbol->type == STT_SECTION
						       ? reloc->symbol->section
						       : NULL;
		GArray *pieces = target && target->index < split->count && !uses[i].access &&
						 !section_is_text(target) &&
						 !section_is_messages(target)
					 ? split->pieces[target->index]
					 : NULL;
		guint index = pieces ? piece_index(pieces, at) : 0;

		if (!index || piece_at(pieces, index)->start != at)
			continue;
		struct piece *before = piece_at(pieces, index - 1);
		if (before->end != at || before->end - before->start <= sizeof(guint64) ||
		    !refers_to_piece(place, uses, target, before))
			continue;
		before->end = piece_at(pieces, index)->end;
		g_array_remove_index(pieces, index);
	}
}

static void join_all_arrays(struct split *split)
{
	for (guint i = 0; i < split->count; i++) {
		const struct section *section = object_section_at(split->object, i);
		g_autofree struct insn_use *uses = NULL;

		if (!section_is_text(section))
			continue;
		uses = insn_uses(section);
		join_arrays(split, section, uses);
	}
}

/* Makes the relocations that the assembler has resolved within the section. */
static void restore_relocs(struct object *object, struct section *section, const GArray *pieces)
{
	struct insn_walk walk = {.section = section, .end = section->size};

	while (insn_next(&walk)) {
		const struct insn *insn = &walk.insn;

		if (!leaves_piece(section, pieces, insn))
			continue;
		memset(section->data + insn->field, 0, insn->field_size);
		section_add_reloc(section, insn->field,
				  insn->branch ? R_X86_64_PLT32 : R_X86_64_PC32,
				  object_section_symbol(object, section),
				  insn->target - (insn->end - insn->field));
	}
}

/* The list of ids that covers an offset of .BTF_ids; NULL if that has no name. */
static struct symbol *btf_list_at(const struct object *object, const struct section *section,
				  guint64 at)
{
	struct symbol *list = NULL;

	for (guint i = 0; i < object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->section == section && symbol->type != STT_SECTION &&
		    !name_is_btf_id(symbol->name) && symbol->value <= at &&
		    (!list || symbol->value > list->value))
			list = symbol;
	}
	return list;
}

/* Ids are filled in where they are, so a reference must lead to the original's: by a name. */
static void name_btf_list(struct object *object, guint64 at, struct reloc *reloc)
{
	struct symbol *list = btf_list_at(object, reloc->symbol->section, at);

	if (!list)
		return;
	reloc->addend -= list->value;
	reloc->symbol = list;
}

/* What a relocation against a section symbol becomes. */
static void name_target(struct split *split, const struct section *place,
			const struct special *special, const struct insn_use *use,
			struct reloc *reloc)
{
	struct section *target = reloc->symbol->section;
	const GArray *pieces =
		target && target->index < split->count ? split->pieces[target->index] : NULL;
	guint64 at = insn_use_offset(use, reloc);

	if (target && section_is_btf_ids(target))
		name_btf_list(split->object, at, reloc);
	if (!pieces)
		return;
	const struct piece *piece = piece_at(pieces, piece_index(pieces, at));
	gboolean nameable = piece->body && !(special && special->policy == SPECIAL_HINT);

	if (section_is_text(target))
		nameable = nameable && !special && at == piece->body->value &&
			   !g_str_has_suffix(piece->body->name, ".cold");
	if (nameable) {
		reloc->symbol = object_symbol_at(split->object, piece->body->index);
		reloc->addend -= piece->body->value;
	} else if (piece->section != target) {
		reloc->symbol = object_section_symbol(split->object, piece->section);
		reloc->addend -= piece->start;
	}
}

static void name_targets(struct split *split)
{
	for (guint i = 0; i < split->count; i++) {
		struct section *section = object_section_at(split->object, i);
		const struct special *special = special_find(section->name, split->series);
		g_autofree struct insn_use *uses = insn_uses(section);

		if (!(section->flags & SHF_ALLOC) && !(special && special->policy == SPECIAL_HINT))
			continue;
		for (guint j = 0; j < section->relocs->len; j++) {
			struct reloc *reloc = section_reloc(section, j);

			if (reloc->symbol && reloc->symbol->type == STT_SECTION)
				name_target(split, section, special, &uses[j], reloc);
		}
	}
}

static guint64 piece_align(const struct section *section, guint64 start)
{
	guint64 natural = start & -start;

	return start ? MIN(natural, section->align) : section->align;
}

/* The new sections, still without symbols and relocations. */
static void make_sections(struct object *object, struct section *section, GArray *pieces)
{
	for (guint i = 0; i < pieces->len; i++) {
		struct piece *piece = piece_at(pieces, i);

		piece->section =
			object_add_section(object, section->name, section->type, section->flags,
					   piece_align(section, piece->start),
					   section->data ? section->data + piece->start : NULL,
					   piece->end - piece->start);
		piece->section->entsize = section->entsize;
		object_section_symbol(object, piece->section);
	}
}

static void move_relocs(struct section *section, const GArray *pieces)
{
	for (guint i = 0; i < section->relocs->len; i++) {
		struct reloc reloc = *section_reloc(section, i);
		const struct piece *piece = piece_at(pieces, piece_index(pieces, reloc.offset));

		reloc.offset -= piece->start;
		g_array_append_val(piece->section->relocs, reloc);
	}
	g_array_set_size(section->relocs, 0);
}

static void move_symbols(struct split *split)
{
	for (guint i = 0; i < split->object->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(split->object, i);
		struct section *section = symbol->section;

		if (!section || symbol->type == STT_SECTION || section->index >= split->count ||
		    !split->pieces[section->index])
			continue;
		const GArray *pieces = split->pieces[section->index];
		const struct piece *piece = piece_at(pieces, piece_index(pieces, symbol->value));

		if (piece->section == section)
			continue;
		symbol->section = piece->section;
		symbol->value = MIN(symbol->value - piece->start, piece->section->size);
	}
}

/* One thing alone in its section needs no cutting. */
static gboolean is_cut(const struct split *split, guint index)
{
	return split->pieces[index] && split->pieces[index]->len > 1;
}

void split_object(struct object *object, guint series)
{
	struct split split = {
		.object = object,
		.series = series,
		.count = object->sections->len,
		.pieces = g_new0(GArray *, object->sections->len),
	};

	find_pieces(&split);
	join_all_arrays(&split);
	for (guint i = 0; i < split.count; i++) {
		struct section *section = object_section_at(object, i);

		if (!is_cut(&split, i))
			continue;
		if (section_is_text(section)) {
			join_pieces(section, split.pieces[i]);
			restore_relocs(object, section, split.pieces[i]);
		}
		make_sections(object, section, split.pieces[i]);
	}
	name_targets(&split);
	for (guint i = 0; i < split.count; i++)
		if (is_cut(&split, i))
			move_relocs(object_section_at(object, i), split.pieces[i]);
	move_symbols(&split);
	for (guint i = 0; i < split.count; i++) {
		if (is_cut(&split, i))
			object_section_at(object, i)->size = 0;
		if (split.pieces[i])
			g_array_unref(split.pieces[i]);
	}
	g_free(split.pieces);
}
