/*
 * ORC: for each piece of code what the unwinder needs to find the caller; without it a task that
 * sleeps in the code blocks every transition.  Tables: arch/x86/kernel/unwind_orc.c; .orc_unwind_ip
 * has a place-relative address for each entry of .orc_unwind.
 */
#include "check/inside.h"

enum {
	ORC_SIZE = 6,
	ORC_IP_SIZE = 4,
	ORC_STACK_REGISTER = 4, /* the byte whose low half says what the stack is found by */
};

struct orc {
	struct place place;
	gboolean defined; /* false: the stack can't be found from here on (ORC_REG_UNDEFINED) */
};

static gint compare_orcs(gconstpointer a, gconstpointer b)
{
	const struct orc *left = a, *right = b;
	gint64 difference = (gint64)left->place.section->index - right->place.section->index;

	if (!difference)
		difference = (left->place.offset > right->place.offset) -
			     (left->place.offset < right->place.offset);
	/* The kernel takes the last of one address, and sorts what ends a piece before the rest. */
	if (!difference)
		difference = left->defined - right->defined;
	return (difference > 0) - (difference < 0);
}

/* The entries by address; those that lead nowhere are left out. */
static GArray *read_orcs(const struct section *ips, const struct section *entries)
{
	GArray *orcs = g_array_new(FALSE, FALSE, sizeof(struct orc));

	for (guint i = 0; i < ips->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(ips, i);
		guint64 entry = reloc->offset / ORC_IP_SIZE * ORC_SIZE;
		struct orc orc;

		if (reloc->type != R_X86_64_PC32 || !reloc_target(reloc, &orc.place) ||
		    !entries->data || entry + ORC_SIZE > entries->size)
			continue;
		orc.defined = (entries->data[entry + ORC_STACK_REGISTER] & 0xf) != 0;
		g_array_append_val(orcs, orc);
	}
	g_array_sort(orcs, compare_orcs);
	return orcs;
}

/* The entry that holds at a place: the last at or before it in the same section. */
static const struct orc *orc_at(const GArray *orcs, const struct section *section, guint64 offset)
{
	const struct orc wanted = {{(struct section *)section, offset}, TRUE};
	guint low = 0, high = orcs->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (compare_orcs(&g_array_index(orcs, struct orc, middle), &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}

	const struct orc *orc = low ? &g_array_index(orcs, struct orc, low - 1) : NULL;
	return orc && orc->place.section == section ? orc : NULL;
}

static void check_code(struct check *check, const GArray *orcs)
{
	for (guint i = 0; i < check->livepatch->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(check->livepatch, i);
		const struct orc *orc;

		if (symbol->type != STT_FUNC || !symbol->section || !symbol->size ||
		    !section_is_text(symbol->section))
			continue;
		orc = orc_at(orcs, symbol->section, symbol->value);
		if (!orc || !orc->defined)
			check_refuse_at(check, symbol->section, symbol->value,
					"there is no ORC entry for %s", symbol->name);
	}
}

void check_orc(struct check *check)
{
	const struct section *ips = object_section(check->livepatch, ".orc_unwind_ip");
	const struct section *entries = object_section(check->livepatch, ".orc_unwind");

	if (!ips || !entries) {
		check_refuse(check, NULL, "it has no ORC tables");
		return;
	}
	if (ips->size / ORC_IP_SIZE != entries->size / ORC_SIZE ||
	    ips->relocs->len != ips->size / ORC_IP_SIZE)
		check_refuse(check, NULL, "its two ORC tables are of different length");

	g_autoptr(GArray) orcs = read_orcs(ips, entries);
	check_code(check, orcs);
}
