/*
 * Refusals: which function differs, and how.
 *
 * When a section as a whole is nowhere in the image, a change of one function's size has moved all
 * that follows.  So each symbol is compared with the shipped one of its name, wherever that lies;
 * calls and jumps between functions of one section, which the assembler has resolved without a
 * relocation, are taken as equal if they lead to the same name.
 */
#include <string.h>

#include "base/error.h"
#include "match/field.h"
#include "match/inside.h"

/* The symbol that covers an offset: the last that begins at or before it, functions preferred. */
static const struct symbol *symbol_over(const struct match *match, const struct section *section,
					guint64 offset)
{
	const struct symbol *best = NULL;

	for (guint i = 0; i < match->stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(match->stock, i);

		if (symbol->section != section || !symbol_is_named(symbol) ||
		    symbol->value > offset)
			continue;
		if (!best || symbol->value > best->value ||
		    (symbol->value == best->value && symbol->size > best->size))
			best = symbol;
	}
	return best;
}

/* The unit's source, as the compiler noted it. */
static const char *source_of(const struct match *match)
{
	for (guint i = 0; i < match->stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(match->stock, i);

		if (symbol->type == STT_FILE && *symbol->name)
			return symbol->name;
	}
	return match->stock->name;
}

static void refuse(const struct match *match, const char *where, const char *why, GError **error)
{
	const char *object = image_name(match->image);
	gboolean vmlinux = !strcmp(object, "vmlinux");
	g_autofree char *what =
		g_strdup_printf("the compiled original differs from the shipped %s%s",
				vmlinux ? "" : "module ", object);
	g_autofree char *place = g_strdup_printf("%s: %s", source_of(match), where);

	klatch_fail(error, KLATCH_REFUSED, what, place,
		    "source, configuration and compiler must be those that built this kernel", "%s",
		    why);
}

static char *describe(const struct match *match, const struct section *section, guint64 offset)
{
	const struct symbol *symbol = symbol_over(match, section, offset);

	if (!symbol)
		return g_strdup_printf("section %s+0x%" G_GINT64_MODIFIER "x", section->name,
				       offset);
	return g_strdup_printf("%s %s+0x%" G_GINT64_MODIFIER "x",
			       section_is_text(section) ? "function" : "data", symbol->name,
			       offset - symbol->value);
}

gboolean refuse_at(const struct match *match, const struct section *section, guint64 offset,
		   GError **error, const char *why, ...)
{
	g_autofree char *where = describe(match, section, offset);
	va_list args;

	va_start(args, why);
	g_autofree char *text = g_strdup_vprintf(why, args);
	va_end(args);
	refuse(match, where, text, error);
	return FALSE;
}

gboolean refuse_difference(const struct match *match, const struct section *section, guint64 offset,
			   GError **error)
{
	return refuse_at(match, section, offset, error, "its %s differs",
			 section_is_text(section) ? "code" : "content");
}

/* A string for a message, or NULL if the bytes are not one. */
static char *quote(const guint8 *bytes, guint64 available)
{
	gsize length = bytes ? strnlen((const char *)bytes, MIN(available, 60)) : 0;

	if (!length || !g_utf8_validate((const char *)bytes, length, NULL))
		return NULL;

	g_autofree char *text = g_strndup((const char *)bytes, length);
	g_autofree char *escaped = g_strescape(text, NULL);
	return g_strdup_printf("\"%s\"", escaped);
}

static char *quote_own(const struct section *section, guint64 offset)
{
	char *text = offset < section->size ? quote(section->data + offset, section->size - offset)
					    : NULL;

	return text ? text : g_strdup_printf("a constant of %s", section->name);
}

static char *quote_shipped(const struct match *match, guint64 address)
{
	guint64 available;
	const guint8 *bytes = image_bytes(match->image, address, &available);
	char *text = quote(bytes, available);

	return text ? text : image_describe(match->image, address);
}

/*
 * What a relocation names, and what the shipped field leads to, in words.  A section symbol stands
 * for the address it is used with; a field relative to its own end has an addend of -4.
 */
static void describe_both(const struct match *match, const struct reloc *reloc, guint64 target,
			  char **meant, char **found)
{
	const struct symbol *symbol = reloc->symbol;
	guint64 skipped = reloc_is_relative(reloc->type) && reloc->addend < 0 ? 4 : 0;
	gboolean whole = symbol && symbol->type == STT_SECTION && symbol->section;
	guint64 offset = whole ? reloc->addend + skipped : symbol ? symbol->value : 0;
	guint64 address = whole ? target + skipped : target - reloc->addend;

	if (!symbol) {
		*meant = g_strdup("no symbol");
	} else if (symbol->section && section_is_merged(symbol->section)) {
		*meant = quote_own(symbol->section, offset);
		*found = quote_shipped(match, address);
		return;
	} else {
		*meant = whole ? describe(match, symbol->section, offset) : g_strdup(symbol->name);
	}
	*found = image_describe(match->image, address);
}

gboolean refuse_reference(const struct match *match, const struct section *section,
			  const struct reloc *reloc, const guint8 *shipped, guint64 place,
			  GError **error)
{
	if (!field_is_known(reloc->type))
		return refuse_at(match, section, reloc->offset, error,
				 "its relocation type %s is not known", reloc_name(reloc->type));

	guint64 target = field_read(shipped, reloc->type, place);
	g_autofree char *meant = NULL, *found = NULL;
	describe_both(match, reloc, target, &meant, &found);
	return refuse_at(match, section, reloc->offset, error,
			 "it refers to %s, where the shipped one refers to %s", meant, found);
}

/* Whether address is one that the image has for the name of the section's symbol at an offset. */
static gboolean same_symbol(const struct match *match, const struct section *section,
			    guint64 offset, guint64 address)
{
	for (guint i = 0; i < match->stock->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(match->stock, i);
		gsize count;

		if (symbol->section != section || symbol->value != offset || !*symbol->name)
			continue;
		const guint64 *addresses = image_addresses(match->image, symbol->name, &count);
		for (gsize k = 0; k < count; k++)
			if (addresses[k] == address)
				return TRUE;
	}
	return FALSE;
}

/*
 * Whether two bytes differ only because they are part of a jump or call to another function.
 * shipped: the bytes at `address`, which belong to offset 0 of the section.  Sets *end to the end
 * of the field.
 */
static gboolean same_branch(const struct match *match, const struct section *section,
			    const guint8 *shipped, guint64 address, guint64 from, guint64 at,
			    guint64 to, guint64 *end)
{
	for (guint64 start = at - MIN(at - from, 3); start <= at && to - start >= 4; start++) {
		gint32 own, other;

		memcpy(&own, section->data + start, 4);
		memcpy(&other, shipped + start, 4);
		*end = start + 4;
		if (same_symbol(match, section, *end + own, address + *end + other))
			return TRUE;
	}
	*end = at + 1;
	return same_symbol(match, section, *end + (gint8)section->data[at],
			   address + *end + (gint8)shipped[at]);
}

/* Whether a relocation leads to where the image has the name of what it names, if it has. */
static gboolean leads_to_name(const struct match *match, const struct reloc *reloc,
			      const guint8 *shipped, guint64 address)
{
	const struct symbol *symbol = reloc->symbol;
	gsize count = 0;
	const guint64 *addresses = NULL;

	if (symbol && field_is_known(reloc->type) && symbol_is_named(symbol) &&
	    !(symbol->section && section_is_merged(symbol->section)))
		addresses = image_addresses(match->image, symbol->name, &count);
	if (!count)
		return TRUE;

	guint64 target = field_read(shipped + reloc->offset, reloc->type, address + reloc->offset);
	for (gsize i = 0; i < count; i++)
		if (addresses[i] == target - reloc->addend)
			return TRUE;
	return FALSE;
}

/* The first relocation of a symbol's bytes that leads to another name; their end if none does. */
static guint64 names_differ(const struct match *match, const struct symbol *symbol,
			    const guint8 *shipped, guint64 address)
{
	const struct section *section = symbol->section;
	guint64 end = symbol->value + symbol->size;

	for (guint i = section_reloc_index(section, symbol->value); i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);

		if (reloc->offset + reloc_size(reloc->type) > end)
			break;
		if (!leads_to_name(match, reloc, shipped, address))
			return reloc->offset;
	}
	return end;
}

/* The first offset at which a symbol differs from what lies at an address; its end if none. */
static guint64 symbol_differs(const struct match *match, const struct symbol *symbol,
			      guint64 address)
{
	const struct section *section = symbol->section;
	guint64 available, end = symbol->value + symbol->size;
	const guint8 *bytes = image_bytes(match->image, address, &available);

	if (!bytes || available < symbol->size)
		return symbol->value;

	const guint8 *shipped = bytes - symbol->value;
	guint64 at = bytes_differ(section, shipped, symbol->value, end);
	while (at < end) {
		guint64 next;

		if (!section_is_text(section) ||
		    !same_branch(match, section, shipped, address - symbol->value, symbol->value,
				 at, end, &next))
			return at;
		at = bytes_differ(section, shipped, next, end);
	}
	return names_differ(match, symbol, shipped, address - symbol->value);
}

/* Compares with every shipped symbol of the name: the offset of the first difference in the one
 * that agrees longest. */
static guint64 nearest_difference(const struct match *match, const struct symbol *symbol,
				  const guint64 *addresses, gsize count)
{
	guint64 farthest = symbol->value;

	for (gsize i = 0; i < count; i++)
		farthest = MAX(farthest, symbol_differs(match, symbol, addresses[i]));
	return farthest;
}

static gint compare_values(gconstpointer a, gconstpointer b)
{
	const struct symbol *left = *(struct symbol *const *)a, *right = *(struct symbol *const *)b;

	return (left->value > right->value) - (left->value < right->value);
}

static GPtrArray *symbols_in_order(const struct match *match, const struct section *section)
{
	GPtrArray *symbols = g_ptr_array_new();

	for (guint i = 0; i < match->stock->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(match->stock, i);

		if (symbol->section == section && symbol_is_named(symbol) &&
		    symbol->binding != STB_WEAK)
			g_ptr_array_add(symbols, symbol);
	}
	g_ptr_array_sort(symbols, compare_values);
	return symbols;
}

gboolean refuse_section(const struct match *match, const struct section *section, GError **error)
{
	g_autoptr(GPtrArray) symbols = symbols_in_order(match, section);

	for (guint i = 0; i < symbols->len && section->data; i++) {
		const struct symbol *symbol = g_ptr_array_index(symbols, i);
		gsize count;
		const guint64 *addresses = image_addresses(match->image, symbol->name, &count);

		if (!symbol->size)
			continue;
		if (!count && section_is_text(section))
			return refuse_at(match, section, symbol->value, error,
					 "there is no function of this name in the shipped one");
		guint64 at = count ? nearest_difference(match, symbol, addresses, count)
				   : symbol->value + symbol->size;
		if (at < symbol->value + symbol->size)
			return refuse_difference(match, section, at, error);
	}
	return refuse_at(match, section, 0, error, "the shipped one has no section %s like this",
			 section->name);
}
