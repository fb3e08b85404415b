/*
 * Bytes are compared, not decoded: so nothing depends on where an instruction begins, or on knowing
 * all that refers to functions.
 */
#include "match/uses.h"

#include <string.h>

/* Sections whose names begin so are tables of places in code, or of exports. */
static const char *const no_uses[] = {
	".orc_unwind_ip", ".parainstructions", ".retpoline_sites", ".return_sites",
	".call_sites",	  ".cfi_sites",	       ".altinstructions", ".smp_locks",
	"__ksymtab",	  ".ibt_endbr_seal",
};

/* And these are code that has run when a livepatch comes.  What address it took may be kept. */
static const char *const past[] = {".init.text", ".exit.text"};

static gboolean is_one_of(const char *name, const char *const *prefixes, gsize count)
{
	for (gsize i = 0; i < count; i++)
		if (g_str_has_prefix(name, prefixes[i]))
			return TRUE;
	return FALSE;
}

/* Whether a displacement follows a byte that says "relative to the next instruction": an address in
 * memory (ModRM with mod 0 and rm 5).  Jumps and calls have none. */
static gboolean is_address(const struct image_region *region, guint64 offset)
{
	return offset && (region->bytes[offset - 1] & 0xc7) == 0x05;
}

static guint32 bytes_at(const struct image_region *region, guint64 offset)
{
	guint32 value;

	memcpy(&value, region->bytes + offset, sizeof(value));
	return GUINT32_FROM_LE(value);
}

static void find_in(const struct image_region *region, guint64 address, GArray *uses)
{
	gboolean is_past = is_one_of(region->name, past, G_N_ELEMENTS(past));
	guint32 distance = (guint32)(address - region->address);

	for (guint64 offset = 0; offset + sizeof(guint32) <= region->size; offset++) {
		guint32 value = bytes_at(region, offset);
		/* From the field, as data has it, and from its end, as instructions do. */
		guint32 from_field = distance - (guint32)offset;
		gboolean near = value == from_field || value == from_field - sizeof(guint32);
		struct image_use use = {.place = region->address + offset};

		if (value != (guint32)address && !near)
			continue;
		use.taken =
			value == (guint32)address || !region->text || is_address(region, offset);
		if (use.taken || !is_past)
			g_array_append_val(uses, use);
	}
}

GArray *image_uses(const struct image *image, guint64 address)
{
	GArray *uses = g_array_new(FALSE, FALSE, sizeof(struct image_use));
	struct image_region region;

	for (guint i = 0; image_region(image, i, &region); i++)
		if (region.bytes && !is_one_of(region.name, no_uses, G_N_ELEMENTS(no_uses)))
			find_in(&region, address, uses);
	return uses;
}
