/*
 * Bytes are compared, hardly decoded: so nothing depends on where an instruction begins, or on
 * knowing all that refers to functions.  But small numbers are everywhere in code, and a small
 * distance is one: there the byte before must fit.
 *
 * The only part of this room that reads code, and so the only one that depends on the architecture.
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

static guint32 bytes_at(const struct image_region *region, guint64 offset)
{
	guint32 value;

	memcpy(&value, region->bytes + offset, sizeof(value));
	return GUINT32_FROM_LE(value);
}

/* call, jmp, and jcc by their opcodes */
static gboolean is_branch(const guint8 *field, guint64 before)
{
	return (before >= 1 && (field[-1] == 0xe8 || field[-1] == 0xe9)) ||
	       (before >= 2 && field[-2] == 0x0f && (field[-1] & 0xf0) == 0x80);
}

/* An address relative to the next instruction: ModRM with mod 0 and rm 5, whatever the opcode. */
static gboolean is_address(const guint8 *field, guint64 before)
{
	return before >= 1 && (field[-1] & 0xc7) == 0x05;
}

/* Whether a field may lead to an address, and whether by more than a jump or call. */
static gboolean leads(const struct image_region *region, guint64 offset, guint32 address,
		      gboolean *taken)
{
	const guint8 *field = region->bytes + offset;
	guint32 value = bytes_at(region, offset);
	guint32 distance = address - (guint32)(region->address + offset);
	gboolean code = (region->flags & SHF_EXECINSTR) != 0;
	gboolean data = !code || region->flags & SHF_WRITE;

	*taken = value == address || (data && value == distance) ||
		 (code && value == distance - sizeof(value) && is_address(field, offset));
	return *taken || (code && value == distance - sizeof(value) && is_branch(field, offset));
}

static void find_in(const struct image_region *region, guint64 address, GArray *uses)
{
	gboolean is_past = is_one_of(region->name, past, G_N_ELEMENTS(past));

	for (guint64 offset = 0; offset + sizeof(guint32) <= region->size; offset++) {
		struct image_use use = {.place = region->address + offset};

		if (leads(region, offset, (guint32)address, &use.taken) && (use.taken || !is_past))
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
