/*
 * ORC: for each piece of code what the unwinder needs to find the caller; without it a task that
 * sleeps in the code blocks every transition.  Tables: arch/x86/kernel/unwind_orc.c; .orc_unwind_ip
 * has a place-relative address for each entry of .orc_unwind.
 */
#include <string.h>

#include "check/inside.h"
#include "diff/insn.h"
#include "elf/functions.h"
#include "kernel/special.h"

enum {
	ORC_SIZE = 6,
	ORC_IP_SIZE = 4,
	ORC_STACK_REGISTER = 4, /* the byte whose low half says what the stack is found by */
};

struct orc {
	struct place place;
	const guint8 *entry; /* in .orc_unwind */
	gboolean defined;    /* false: the stack can't be found from here on (ORC_REG_UNDEFINED) */
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
		orc.entry = entries->data + entry;
		orc.defined = (entries->data[entry + ORC_STACK_REGISTER] & 0xf) != 0;
		g_array_append_val(orcs, orc);
	}
	g_array_sort(orcs, compare_orcs);
	return orcs;
}

/* The entry that holds at a place: the last at or before it in the same section. */
static const struct orc *orc_at(const GArray *orcs, const struct section *section, guint64 offset)
{
	const struct orc wanted = {.place = {(struct section *)section, offset}, .defined = TRUE};
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

/* What the second half of this file looks at: whether code that is gone through without a change of
 * the stack says so, above all the tests of late keys that klatch adds to functions. */
struct flow {
	struct check *check;
	const GArray *orcs;
	GArray *functions;
};

static void check_same(const struct flow *flow, const struct section *section, guint64 offset,
		       const struct section *other, guint64 target, const char *way)
{
	const struct orc *from = orc_at(flow->orcs, section, offset);
	const struct orc *to = orc_at(flow->orcs, other, target);

	if (!from || !to || memcmp(from->entry, to->entry, ORC_SIZE))
		check_refuse_at(flow->check, section, offset,
				"the ORC entry here is not that of %s+0x%" G_GINT64_MODIFIER
				"x, where it %s",
				other->name, target, way);
}

/* Where a branch leads; false if that is out of the livepatch. */
static gboolean branch_target(const struct flow *flow, const struct section *section,
			      const struct insn *insn, struct place *target)
{
	const GArray *writes = flow->check->writes;
	const struct place field = {(struct section *)section, insn->field};
	guint index = write_index(writes, &field);
	const struct write *write =
		index < writes->len ? &g_array_index(writes, struct write, index) : NULL;
	const struct reloc *reloc = section_reloc_at(section, insn->field);

	*target = (struct place){field.section, insn->target};
	if (!write || write->section != section || write->offset != insn->field)
		return TRUE;
	if (!reloc || !reloc->symbol || !reloc->symbol->section)
		return FALSE;
	target->section = reloc->symbol->section;
	target->offset = reloc->symbol->value + reloc->addend + (insn->end - insn->field);
	return TRUE;
}

/* Code of alternatives, which is in no function of the kernel either. */
static gboolean is_replacement(const struct flow *flow, const struct section *section)
{
	const struct special *special = special_find(section->name, flow->check->kernel->series);

	return special && special->policy == SPECIAL_CODE;
}

/* The stack check of a transition goes by functions: code outside of them would not be seen. */
static void check_jump(const struct flow *flow, const struct section *section,
		       const struct insn *insn)
{
	struct place target;

	if (!branch_target(flow, section, insn, &target) || is_replacement(flow, target.section))
		return;
	if (!functions_at(flow->functions, target.section, target.offset))
		check_refuse_at(flow->check, section, insn->offset,
				"it jumps to code that belongs to no function");
	else
		check_same(flow, section, insn->offset, target.section, target.offset, "jumps to");
}

static void check_code_of(const struct flow *flow, const struct function *function)
{
	struct insn_walk walk = {function->section, function->start, function->end, {0}};

	while (insn_next(&walk)) {
		const struct insn *insn = &walk.insn;

		if (insn->branch && !insn->call)
			check_jump(flow, function->section, insn);
		if (insn->inert && insn->end < function->end)
			check_same(flow, function->section, insn->offset, function->section,
				   insn->end, "goes on");
	}
}

static void check_flow(struct check *check, const GArray *orcs)
{
	struct flow flow = {check, orcs, functions_of(check->livepatch)};

	for (guint i = 0; i < flow.functions->len; i++) {
		const struct function *function =
			&g_array_index(flow.functions, struct function, i);

		if (section_is_text(function->section))
			check_code_of(&flow, function);
	}
	g_array_unref(flow.functions);
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
	check_flow(check, orcs);
}
