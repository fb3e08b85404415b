/*
 * Special tables: __jump_table, .altinstructions, __bug_table and the like.  Nothing refers to
 * their entries, and a tool may have sorted them after the link (__ex_table), so each entry is
 * looked for in the image's table: first behind the one before it, where an unsorted table has it.
 */
#include <string.h>

#include "kernel/special.h"
#include "match/field.h"
#include "match/inside.h"

/* Tables that vmlinux has between two symbols in some larger section. */
static const struct {
	const char *section, *start, *stop;
} bounds[] = {
	{"__jump_table", "__start___jump_table", "__stop___jump_table"},
	{"__mcount_loc", "__start_mcount_loc", "__stop_mcount_loc"},
	{".static_call_sites", "__start_static_call_sites", "__stop_static_call_sites"},
};

/* One table of the stock object, and where the image has the like of it. */
struct table {
	const struct section *section;
	const struct special *special;
	guint64 address;
	const guint8 *shipped;
	guint64 count; /* of entries */
	guint64 next;  /* the entry that is expected next */
};

static gboolean find_by_bounds(const struct match *match, const char *name, guint64 *address,
			       guint64 *size)
{
	for (gsize i = 0; i < G_N_ELEMENTS(bounds); i++) {
		gsize starts, stops;
		const guint64 *start = image_addresses(match->image, bounds[i].start, &starts);
		const guint64 *stop = image_addresses(match->image, bounds[i].stop, &stops);

		if (strcmp(bounds[i].section, name) || !starts || !stops || *start > *stop)
			continue;
		*address = *start;
		*size = *stop - *start;
		return TRUE;
	}
	return FALSE;
}

/* The relocation of an entry that leads to the code it is about, or NULL. */
static const struct reloc *entry_code(const struct table *table, guint64 offset)
{
	guint64 at = offset + table->special->code_offset;
	const struct reloc *reloc = section_reloc_at(table->section, at);
	guint64 end = offset + table->special->entry_size;

	return reloc && at + reloc_size(reloc->type) <= end ? reloc : NULL;
}

/* Whether an entry of the stock table, about `code`, is the one at a slot of the image's table. */
static gboolean entry_is_at(struct match *match, const struct table *table, guint64 offset,
			    const struct reloc *code, guint64 slot)
{
	guint64 size = table->special->entry_size;
	guint64 address = table->address + slot * size - offset;
	const guint8 *shipped = table->shipped + slot * size - offset;

	return reference_leads(match, code, shipped + code->offset, address + code->offset) ==
		       LEADS_HOME &&
	       bytes_differ(table->section, shipped, offset, offset + size) == offset + size &&
	       !first_astray(match, table->section, shipped, address, offset, offset + size, FALSE);
}

static gboolean match_entry(struct match *match, struct table *table, guint64 offset)
{
	const struct reloc *code = entry_code(table, offset);
	guint64 size = table->special->entry_size;

	for (guint64 tried = 0; code && tried < table->count; tried++) {
		guint64 slot = (table->next + tried) % table->count;

		if (!entry_is_at(match, table, offset, code, slot))
			continue;
		table->next = slot + 1;
		return !first_astray(match, table->section, table->shipped + slot * size - offset,
				     table->address + slot * size - offset, offset, offset + size,
				     TRUE);
	}
	return FALSE;
}

/* Whether an address is in the unit's code. */
static gboolean is_own_code(const struct match *match, guint64 address)
{
	for (guint i = 0; i < match->found->len; i++) {
		const struct section *section = g_ptr_array_index(match->found, i);

		if (section_is_text(section) &&
		    address - match->places[section->index].address < section->size)
			return TRUE;
	}
	return FALSE;
}

/* How many entries of the image's table are about the unit's code. */
static guint64 count_own(const struct match *match, const struct table *table)
{
	const struct reloc *code = entry_code(table, 0);
	guint64 own = 0;

	for (guint64 slot = 0; slot < table->count; slot++) {
		guint64 at = slot * table->special->entry_size + code->offset;

		own += is_own_code(
			match, field_read(table->shipped + at, code->type, table->address + at));
	}
	return own;
}

/*
 * Whether an entry is about a weak function that another unit's took the place of: its code is in
 * vmlinux without a name.  scripts/sorttable.h takes such entries out of __mcount_loc (6.12).
 */
static gboolean is_overridden(const struct match *match, const struct table *table, guint64 offset)
{
	const struct reloc *code = entry_code(table, offset);
	const struct symbol *target = code ? code->symbol : NULL;
	guint64 at = target ? target->value + code->addend : 0;

	if (strcmp(table->section->name, "__mcount_loc") != 0)
		return FALSE;
	for (guint i = 0; target && target->section && i < match->stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(match->stock, i);
		guint64 address;

		if (symbol->section == target->section && symbol->binding == STB_WEAK &&
		    symbol->type == STT_FUNC && at - symbol->value < symbol->size)
			return match_address(match, symbol, &address) &&
			       !symbol_is_at(match, symbol, address);
	}
	return FALSE;
}

/* Names the code that an entry is about, if it says. */
static gboolean refuse_entry(const struct match *match, const struct table *table, guint64 offset,
			     GError **error)
{
	const struct reloc *code = entry_code(table, offset);

	if (!code || !code->symbol || !code->symbol->section)
		return refuse_at(match, table->section, offset, error,
				 "the shipped table %s has no such entry", table->section->name);
	return refuse_at(match, code->symbol->section, code->symbol->value + code->addend, error,
			 "the shipped table %s has no such entry for it", table->section->name);
}

/* Whether it is known where the code lies that the entries are about. */
static gboolean is_ready(const struct match *match, const struct table *table)
{
	for (guint64 offset = 0; offset < table->section->size;
	     offset += table->special->entry_size) {
		const struct reloc *code = entry_code(table, offset);
		guint64 address;

		if (code && code->symbol && code->symbol->section &&
		    !match_address(match, code->symbol, &address))
			return FALSE;
	}
	return TRUE;
}

static gboolean find_table(const struct match *match, struct table *table)
{
	const char *name = table->section->name;
	guint64 size, available;

	if (!image_section(match->image, name, &table->address, &size) &&
	    !find_by_bounds(match, name, &table->address, &size))
		return FALSE;
	table->shipped = image_bytes(match->image, table->address, &available);
	table->count = MIN(size, available) / table->special->entry_size;
	return table->shipped != NULL;
}

/* Each entry must be there, and no other that is about this unit's code. */
static gboolean match_table(struct match *match, struct table *table, GError **error)
{
	const struct section *section = table->section;
	guint64 size = table->special->entry_size, own = 0;

	if (section->size % size || !find_table(match, table))
		return refuse_at(match, section, 0, error,
				 "the shipped one has no table %s of this form", section->name);
	for (guint64 offset = 0; offset < section->size; offset += size) {
		if (match_entry(match, table, offset))
			own++;
		else if (!is_overridden(match, table, offset))
			return refuse_entry(match, table, offset, error);
	}
	if (!match_found(match, error))
		return FALSE;

	guint64 shipped = count_own(match, table);
	return shipped == own ||
	       refuse_at(match, section, 0, error,
			 "it has %" G_GUINT64_FORMAT " entries, the shipped one %" G_GUINT64_FORMAT,
			 own, shipped);
}

/* .orc_unwind_ip has its data in a second table, and the link drops what is redundant in both. */
static gboolean is_table(const struct match *match, const struct section *section,
			 const struct special *special)
{
	return special && special->entry_size && section->flags & SHF_ALLOC &&
	       (special->policy == SPECIAL_COPY || special->policy == SPECIAL_OBJTOOL) &&
	       !g_str_has_prefix(section->name, ".orc_") && section->size &&
	       !match->places[section->index].known;
}

/* Entries may be about code that only entries of another table lead to (replacement code); such a
 * table is left to the second pass. */
gboolean tables_match(struct match *match, GError **error)
{
	g_autofree gboolean *done = g_new0(gboolean, match->stock->sections->len);

	for (guint pass = 0; pass < 2; pass++)
		for (guint i = 0; i < match->stock->sections->len; i++) {
			const struct section *section = object_section_at(match->stock, i);
			struct table table = {
				.section = section,
				.special = special_find(section->name, image_series(match->image)),
			};

			if (done[i] || !is_table(match, section, table.special) ||
			    (pass == 0 && !is_ready(match, &table)))
				continue;
			if (!match_table(match, &table, error))
				return FALSE;
			done[i] = TRUE;
		}
	return TRUE;
}
