/*
 * References: whether what a relocation became in the image leads to the symbol it names.
 *
 * The link merges sections of strings and of constants: a string is looked for in the image by the
 * address that leads to it, and compared by content.  As ld does, the string meant is the one at
 * the symbol, or for a section symbol the one at the addend.
 */
#include <string.h>

#include "match/field.h"
#include "match/inside.h"

gboolean section_is_merged(const struct section *section)
{
	return section->flags & SHF_MERGE && section->entsize && !section->relocs->len &&
	       section->data;
}

/* How many bytes the merged entry at an offset has from there on. */
static guint64 entry_length(const struct section *section, guint64 offset)
{
	static const guint8 zeros[8];
	guint64 size = section->entsize;

	if (!(section->flags & SHF_STRINGS) || size > sizeof(zeros))
		return MIN(size - offset % size, section->size - offset);
	for (guint64 at = offset; size <= section->size - at; at += size)
		if (!memcmp(section->data + at, zeros, size))
			return at + size - offset;
	return section->size - offset;
}

static gboolean same_content(const struct match *match, const struct section *section,
			     guint64 offset, guint64 address)
{
	guint64 available;
	const guint8 *shipped = image_bytes(match->image, address, &available);

	if (!shipped || offset >= section->size)
		return FALSE;

	guint64 length = entry_length(section, offset);
	return length <= available && !memcmp(section->data + offset, shipped, length);
}

static enum lead known(gboolean home)
{
	return home ? LEADS_HOME : LEADS_ASTRAY;
}

static enum lead leads_to_merged(const struct match *match, const struct reloc *reloc,
				 guint64 target)
{
	const struct symbol *symbol = reloc->symbol;

	if (symbol->type == STT_SECTION)
		return known(same_content(match, symbol->section, reloc->addend, target));
	return known(same_content(match, symbol->section, symbol->value, target - reloc->addend));
}

static gboolean is_overridable(const struct symbol *symbol)
{
	return !symbol->section || symbol->binding == STB_WEAK;
}

/* An undefined symbol without a name in the image is one of the linker script's: what it is can't
 * be told, but it must be the same at each use. */
static enum lead leads_to_unnamed(const struct match *match, const struct symbol *symbol,
				  guint64 address)
{
	const struct place *place = g_hash_table_lookup(match->own_places, symbol);

	if (symbol->binding == STB_WEAK && !address)
		return LEADS_HOME;
	return place ? known(place->address == address) : LEADS_UNKNOWN;
}

static enum lead leads_to(const struct match *match, const struct reloc *reloc, guint64 target)
{
	const struct symbol *symbol = reloc->symbol;
	guint64 address = target - reloc->addend;
	gsize names;

	if (!symbol)
		return known(!address);
	if (!symbol->section && symbol->special == SHN_ABS)
		return known(address == symbol->value);
	if (symbol->section && section_is_merged(symbol->section))
		return leads_to_merged(match, reloc, target);
	if (is_overridable(symbol) && (image_addresses(match->image, symbol->name, &names), names))
		return known(image_resolves(match->image, symbol->name, address));
	if (!symbol->section)
		return leads_to_unnamed(match, symbol, address);

	const struct place *place = &match->places[symbol->section->index];
	return place->known ? known(place->address + symbol->value == address) : LEADS_UNKNOWN;
}

enum lead reference_leads(const struct match *match, const struct reloc *reloc,
			  const guint8 *shipped, guint64 place)
{
	if (reloc->type == R_X86_64_NONE)
		return LEADS_HOME;
	if (!field_is_known(reloc->type))
		return LEADS_ASTRAY;
	return leads_to(match, reloc, field_read(shipped, reloc->type, place));
}

/* A symbol at a merged entry; a section symbol stands for none in particular. */
static gboolean is_merged_string(const struct symbol *symbol)
{
	return symbol && symbol->section && symbol->type != STT_SECTION &&
	       section_is_merged(symbol->section);
}

static void remember(struct match *match, const struct symbol *symbol, guint64 address)
{
	struct place *place = g_new(struct place, 1);

	*place = (struct place){.known = TRUE, .address = address};
	g_hash_table_insert(match->own_places, (gpointer)symbol, place);
}

/* Learns what a relocation that does not lead astray tells; false if that can't be. */
static gboolean learn(struct match *match, const struct reloc *reloc, enum lead lead,
		      guint64 target)
{
	const struct symbol *symbol = reloc->symbol;
	guint64 address = target - reloc->addend;

	if (lead == LEADS_UNKNOWN && symbol->section)
		return section_settle(match, symbol->section, address - symbol->value);
	if (lead == LEADS_UNKNOWN || is_merged_string(symbol))
		remember(match, symbol, address);
	return TRUE;
}

const struct reloc *first_astray(struct match *match, const struct section *section,
				 const guint8 *shipped, guint64 address, guint64 from, guint64 to,
				 gboolean follow)
{
	for (guint i = section_reloc_index(section, from); i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);
		const guint8 *field = shipped + reloc->offset;
		guint64 place = address + reloc->offset;

		if (reloc->offset >= to)
			break;
		if (reloc->type == R_X86_64_NONE)
			continue;
		if (reloc->offset + reloc_size(reloc->type) > to)
			return reloc;

		enum lead lead = reference_leads(match, reloc, field, place);
		if (lead == LEADS_ASTRAY ||
		    (follow && !learn(match, reloc, lead, field_read(field, reloc->type, place))))
			return reloc;
	}
	return NULL;
}
