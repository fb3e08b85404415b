/*
 * An entry is a function of two instructions: ENDBR, and a jump to where calls were meant to go.
 */
#include <string.h>

#include "link/entry.h"
#include "link/x86.h"

gboolean entry_has_endbr(const struct image *image, guint64 address)
{
	guint64 available;
	const guint8 *code = image_bytes(image, address, &available);

	return x86_is_endbr(code, available);
}

/* Entries of the table are relative to themselves. */
static gboolean is_sealed(const struct image *image, guint64 address)
{
	guint64 table, size, available;

	if (!image_section(image, ".ibt_endbr_seal", &table, &size))
		return FALSE;

	const guint8 *bytes = image_bytes(image, table, &available);
	for (guint64 at = 0; bytes && at + sizeof(gint32) <= size; at += sizeof(gint32)) {
		gint32 distance;

		memcpy(&distance, bytes + at, sizeof(distance));
		if (table + at + (gint64)GINT32_FROM_LE(distance) == address)
			return TRUE;
	}
	return FALSE;
}

gboolean entry_is_open(const struct image *image, guint64 address)
{
	return entry_has_endbr(image, address) && !is_sealed(image, address);
}

struct symbol *entry_for(struct object *object, struct symbol *symbol, const char *function)
{
	g_autofree char *name = g_strconcat(ENTRY_PREFIX, function, NULL);
	g_autofree char *section_name = g_strconcat(".text.", name, NULL);
	struct section *section = object_section(object, section_name);

	if (section)
		return object_symbol(object, name);
	section = object_add_section(object, section_name, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR,
				     16, NULL, 0);
	x86_append_endbr(section);
	x86_append_jump(section, symbol, -4);
	return object_add_symbol(object, name, section, 0, section->size, STT_FUNC, STB_LOCAL);
}
