/*
 * Certain places first: sections whose symbols' names have, in the image, addresses at the same
 * distances, and whose bytes are there.  Then what they refer to, and so on; then the entries of
 * the special tables, and what those refer to.
 */
#include "base/error.h"
#include "kernel/special.h"
#include "match/inside.h"

gboolean symbol_is_named(const struct symbol *symbol)
{
	return *symbol->name && (symbol->type == STT_FUNC || symbol->type == STT_OBJECT ||
				 symbol->type == STT_NOTYPE);
}

static const struct special *special_of(const struct match *match, const struct section *section)
{
	return special_find(section->name, image_series(match->image));
}

/* Whether the link copies a section whole, so that it has one place in the image: not what it
 * merges or drops, and no table, which may have been sorted. */
static gboolean is_plain(const struct match *match, const struct section *section)
{
	const struct special *special = special_of(match, section);

	return section->flags & SHF_ALLOC && section->size && !section_is_merged(section) &&
	       !g_str_has_prefix(section->name, ".discard") &&
	       (!special || special->policy == SPECIAL_CODE || special->registers);
}

/* What the link or a tool after it fills in: code refers to it, but its bytes are not the unit's.
 */
static gboolean is_filled_later(const struct match *match, const struct section *section)
{
	const struct special *special = special_of(match, section);

	return special && special->policy == SPECIAL_IGNORE && !special->registers;
}

const guint8 *section_shipped(const struct match *match, const struct section *section,
			      guint64 address, gboolean *fits)
{
	guint64 available;
	const guint8 *shipped = image_bytes(match->image, address, &available);

	*fits = address % MAX(section->align, 1) == 0 && available >= section->size &&
		(shipped || !section->data);
	return *fits ? shipped : NULL;
}

gboolean section_settle(struct match *match, struct section *section, guint64 address)
{
	struct place *place = &match->places[section->index];
	gboolean fits = TRUE;

	if (section->size)
		section_shipped(match, section, address, &fits);
	if (!fits)
		return FALSE;
	*place = (struct place){.known = TRUE, .address = address};
	g_ptr_array_add(match->found, section);
	return TRUE;
}

guint64 bytes_differ(const struct section *section, const guint8 *shipped, guint64 from, guint64 to)
{
	guint64 at = from;

	for (guint i = section_reloc_index(section, from); at < to; i++) {
		const struct reloc *reloc =
			i < section->relocs->len ? section_reloc(section, i) : NULL;
		guint64 end = reloc ? MIN(reloc->offset, to) : to;

		for (; at < end; at++)
			if (section->data[at] != shipped[at])
				return at;
		if (reloc)
			at = MAX(at, reloc->offset + reloc_size(reloc->type));
	}
	return to;
}

/* What scripts/sorttable.h writes into vmlinux: that __ex_table is sorted. */
static const char *const written_after_link[] = {"main_extable_sort_needed"};

static const struct symbol *symbol_written_later(const struct match *match,
						 const struct section *section, guint64 offset)
{
	for (gsize i = 0; i < G_N_ELEMENTS(written_after_link); i++) {
		const struct symbol *symbol = object_symbol(match->stock, written_after_link[i]);

		if (symbol && symbol->section == section && offset >= symbol->value &&
		    offset < symbol->value + symbol->size)
			return symbol;
	}
	return NULL;
}

/* The first offset at which a section is not what was shipped; its size if there is none. */
static guint64 section_differs(const struct match *match, const struct section *section,
			       const guint8 *shipped)
{
	guint64 at = bytes_differ(section, shipped, 0, section->size);

	while (at < section->size) {
		const struct symbol *written = symbol_written_later(match, section, at);

		if (!written)
			break;
		at = bytes_differ(section, shipped, written->value + written->size, section->size);
	}
	return at;
}

/* --- by name --------------------------------------------------------------------------------- */

gboolean symbol_is_at(const struct match *match, const struct symbol *symbol, guint64 address)
{
	gsize count;
	const guint64 *addresses = image_addresses(match->image, symbol->name, &count);

	for (gsize i = 0; i < count; i++)
		if (addresses[i] == address)
			return TRUE;
	return FALSE;
}

/* Sorts by section the symbols whose names the image must have at the right place: functions, and
 * what else it has a name of.  A weak definition may not be the one that it has, so it tells
 * nothing. */
static void collect_named(struct match *match)
{
	match->named = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	for (guint i = 0; i < match->stock->sections->len; i++)
		g_ptr_array_add(match->named, g_ptr_array_new());
	for (guint i = 0; i < match->stock->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(match->stock, i);
		gsize count;

		if (!symbol->section || symbol->binding == STB_WEAK || !symbol_is_named(symbol))
			continue;
		image_addresses(match->image, symbol->name, &count);
		if (count || symbol->type == STT_FUNC)
			g_ptr_array_add(g_ptr_array_index(match->named, symbol->section->index),
					symbol);
	}
}

/* The symbol whose name has the fewest addresses in the image; NULL if there is no symbol. */
static const struct symbol *rarest(const struct match *match, const GPtrArray *named)
{
	const struct symbol *best = NULL;
	gsize fewest = G_MAXSIZE;

	for (guint i = 0; i < named->len; i++) {
		const struct symbol *symbol = g_ptr_array_index(named, i);
		gsize count;

		image_addresses(match->image, symbol->name, &count);
		if (count >= fewest)
			continue;
		best = symbol;
		fewest = count;
	}
	return best;
}

/* The first symbol that would not be at an address of its name if its section lay at `address`. */
static const struct symbol *misnamed(const struct match *match, const struct section *section,
				     guint64 address)
{
	const GPtrArray *named = g_ptr_array_index(match->named, section->index);

	for (guint i = 0; i < named->len; i++) {
		const struct symbol *symbol = g_ptr_array_index(named, i);

		if (!symbol_is_at(match, symbol, address + symbol->value))
			return symbol;
	}
	return NULL;
}

/* Whether names and bytes say that a section may lie at an address. */
static gboolean may_lie_at(const struct match *match, const struct section *section,
			   guint64 address)
{
	gboolean fits;
	const guint8 *shipped = section_shipped(match, section, address, &fits);

	return fits && !misnamed(match, section, address) &&
	       (!section->data || section_differs(match, section, shipped) == section->size);
}

/* Whether, besides, no relocation of it would lead astray there. */
static gboolean references_agree(struct match *match, const struct section *section,
				 guint64 address)
{
	gboolean fits;
	const guint8 *shipped = section_shipped(match, section, address, &fits);

	return !first_astray(match, section, shipped, address, 0, section->size, FALSE);
}

/*
 * Places a section at the only address where it may lie by the name of one symbol, and returns at
 * how many it may.  With `last_resort` relocations must agree, too.
 */
static guint place_by_symbol(struct match *match, struct section *section,
			     const struct symbol *symbol, gboolean last_resort)
{
	gsize count;
	const guint64 *addresses = image_addresses(match->image, symbol->name, &count);
	guint64 found = 0;
	guint candidates = 0;

	for (gsize i = 0; i < count; i++) {
		guint64 address = addresses[i] - symbol->value;

		if (!may_lie_at(match, section, address) ||
		    (last_resort && !references_agree(match, section, address)))
			continue;
		found = address;
		candidates++;
	}
	if (candidates == 1)
		section_settle(match, section, found);
	match->places[section->index].alike = last_resort && candidates > 1;
	return candidates;
}

/* Weak definitions tell where a section lies that has no others, unless they were overridden. */
static void place_by_weak_names(struct match *match, struct section *section)
{
	for (guint i = 0; i < match->stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(match->stock, i);

		if (symbol->section == section && symbol->binding == STB_WEAK &&
		    place_by_symbol(match, section, symbol, TRUE) == 1)
			return;
	}
}

/*
 * Places a section by the names of its symbols.  Where names and bytes leave more than one address
 * it stays unknown, unless `last_resort`: then relocations must tell.  A section that has names but
 * may lie nowhere is a difference.
 */
static gboolean place_by_name(struct match *match, struct section *section, gboolean last_resort,
			      GError **error)
{
	const struct symbol *symbol =
		rarest(match, g_ptr_array_index(match->named, section->index));

	if (symbol)
		return place_by_symbol(match, section, symbol, last_resort) ||
		       refuse_section(match, section, error);
	if (last_resort)
		place_by_weak_names(match, section);
	return TRUE;
}

/* --- by reference ---------------------------------------------------------------------------- */

static gboolean compare_content(struct match *match, const struct section *section, guint64 address,
				GError **error)
{
	gboolean fits;
	const guint8 *shipped = section_shipped(match, section, address, &fits);
	guint64 at = section_differs(match, section, shipped);

	if (at < section->size)
		return refuse_difference(match, section, at, error);

	const struct reloc *reloc =
		first_astray(match, section, shipped, address, 0, section->size, TRUE);
	return !reloc || refuse_reference(match, section, reloc, shipped + reloc->offset,
					  address + reloc->offset, error);
}

static gboolean compare_section(struct match *match, const struct section *section, GError **error)
{
	guint64 address = match->places[section->index].address;

	if (!section->size || is_filled_later(match, section))
		return TRUE;
	if (section->data && !compare_content(match, section, address, error))
		return FALSE;

	const struct symbol *symbol = misnamed(match, section, address);
	return !symbol || refuse_at(match, section, symbol->value, error,
				    "the shipped one has another symbol there");
}

gboolean match_found(struct match *match, GError **error)
{
	while (match->compared < match->found->len)
		if (!compare_section(match, g_ptr_array_index(match->found, match->compared++),
				     error))
			return FALSE;
	return TRUE;
}

/* --- the phases ------------------------------------------------------------------------------ */

static gboolean place_all_by_name(struct match *match, gboolean last_resort, GError **error)
{
	for (guint i = 0; i < match->stock->sections->len; i++) {
		struct section *section = object_section_at(match->stock, i);

		if (match->places[i].known || !is_plain(match, section) ||
		    (last_resort && !section_is_text(section)))
			continue;
		if (!place_by_name(match, section, last_resort, error) ||
		    (last_resort && !match_found(match, error)))
			return FALSE;
	}
	return match_found(match, error);
}

/*
 * Replacement code is found only by the tables, all other text before them.  Of code that is there
 * several times and that nothing refers to (a part of a function that several units of a module
 * have and none calls) it can't be told which is the unit's own: it is as shipped all the same, and
 * has no address.
 */
static gboolean require_text(const struct match *match, gboolean replacements, GError **error)
{
	for (guint i = 0; i < match->stock->sections->len; i++) {
		const struct section *section = object_section_at(match->stock, i);

		if (!section_is_text(section) || !is_plain(match, section) ||
		    match->places[i].known || match->places[i].alike ||
		    (!replacements && special_of(match, section)))
			continue;
		return refuse_at(match, section, 0, error,
				 "section %s can't be found in the shipped one", section->name);
	}
	return TRUE;
}

struct match *match_unit(const struct image *image, const struct object *stock, GError **error)
{
	AUTO(match) match = g_new0(struct match, 1);

	match->image = image;
	match->stock = stock;
	match->places = g_new0(struct place, stock->sections->len);
	match->found = g_ptr_array_new();
	match->own_places = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	collect_named(match);

	if (!place_all_by_name(match, FALSE, error) || !place_all_by_name(match, TRUE, error) ||
	    !require_text(match, FALSE, error) || !tables_match(match, error) ||
	    !require_text(match, TRUE, error))
		return NULL;
	return g_steal_pointer(&match);
}

void match_free(struct match *match)
{
	if (!match)
		return;
	g_free(match->places);
	g_ptr_array_unref(match->found);
	g_hash_table_unref(match->own_places);
	g_ptr_array_unref(match->named);
	g_free(match);
}

gboolean match_address(const struct match *match, const struct symbol *symbol, guint64 *address)
{
	const struct place *place = g_hash_table_lookup(match->own_places, symbol);

	if (!symbol->section)
		return FALSE;
	if (!place && match->places[symbol->section->index].known)
		place = &match->places[symbol->section->index];
	else if (!place)
		return FALSE;
	*address = place->address;
	if (place == &match->places[symbol->section->index])
		*address += symbol->value;
	return TRUE;
}

struct match_count match_count(const struct match *match)
{
	struct match_count count = {0};

	for (guint i = 0; i < match->stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(match->stock, i);

		if (!symbol->section || !match->places[symbol->section->index].known)
			continue;
		if (symbol->type == STT_FUNC)
			count.functions++;
		else if (symbol->type == STT_OBJECT)
			count.data++;
	}
	return count;
}
