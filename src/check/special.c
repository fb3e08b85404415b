/*
 * Special sections: the kernel goes through them when the livepatch is loaded, long before a late
 * symbol has an address.  So no late reference may lie in one, or in an instruction that one makes
 * the kernel change.
 */
#include <string.h>

#include "check/inside.h"
#include "kernel/special.h"

/* How many bytes of code the kernel may change at the place that an entry refers to. */
static const struct patched {
	const char *section;
	guint length;	  /* 0: the entry says it ... */
	guint before_end; /* ... in a byte this far before its end */
} patched[] = {
	{".altinstructions", 0, 2},   {".parainstructions", 0, 7}, {"__jump_table", 5, 0},
	{".static_call_sites", 5, 0}, {".call_sites", 5, 0},	   {".retpoline_sites", 6, 0},
	{".return_sites", 5, 0},      {".smp_locks", 1, 0},	   {"__mcount_loc", 5, 0},
	{".ibt_endbr_seal", 4, 0},
};

static const struct patched *patched_by(const char *section)
{
	for (gsize i = 0; i < G_N_ELEMENTS(patched); i++)
		if (!strcmp(patched[i].section, section))
			return &patched[i];
	return NULL;
}

/* The late reference that writes to any byte of a range, or NULL. */
static const struct write *late_within(const struct check *check, const struct place *start,
				       guint length)
{
	for (guint i = write_index(check->writes, start); i < check->writes->len; i++) {
		const struct write *write = &g_array_index(check->writes, struct write, i);

		if (write->section != start->section || write->offset >= start->offset + length)
			return NULL;
		if (write->by == WRITTEN_LATE)
			return write;
	}
	return NULL;
}

static void check_entry(struct check *check, const struct section *section, guint64 offset,
			const struct special *special, const struct patched *rule)
{
	const struct reloc *reloc = section_reloc_at(section, offset + special->code_offset);
	struct place code;

	if (!reloc || !reloc_target(reloc, &code)) {
		check_refuse_at(check, section, offset, "its entry refers to no code");
		return;
	}

	guint length = rule->length
			       ? rule->length
			       : section->data[offset + special->entry_size - rule->before_end];
	const struct write *late = late_within(check, &code, length);
	if (late)
		check_refuse_at(check, section, offset,
				"the kernel changes the code at %s+0x%" G_GINT64_MODIFIER
				"x, which refers to %s",
				code.section->name, code.offset,
				late->symbol ? late->symbol->name : "nothing");
}

static void check_entries(struct check *check, const struct section *section,
			  const struct special *special)
{
	const struct patched *rule = patched_by(section->name);

	if (!rule || !section->data)
		return;
	for (guint64 at = 0; section->size - at >= special->entry_size; at += special->entry_size)
		check_entry(check, section, at, special, rule);
}

/* Code that is jumped to stays where it is; what replaces other code is copied once, and early. */
static gboolean may_hold_late(const struct section *section, const struct special *special)
{
	return !special ||
	       (special->policy == SPECIAL_CODE && strcmp(section->name, ".altinstr_replacement"));
}

void check_special_sections(struct check *check)
{
	/* The kernel's plain behaviour is to be seen with all that is wrong with it. */
	if (check->tables->policy == KLATCH_KERNEL)
		return;
	for (guint i = 0; i < check->writes->len; i++) {
		const struct write *write = &g_array_index(check->writes, struct write, i);
		const struct section *section = write->section;

		if (write->by == WRITTEN_LATE &&
		    !may_hold_late(section, special_find(section->name, check->kernel->series)))
			check_refuse_at(check, section, write->offset, "it refers to %s",
					write->symbol ? write->symbol->name : "nothing");
	}
	for (guint i = 0; i < check->livepatch->sections->len; i++) {
		const struct section *section = object_section_at(check->livepatch, i);
		const struct special *special = special_find(section->name, check->kernel->series);

		if (special && special->entry_size)
			check_entries(check, section, special);
	}
}

/* Of what the kernel reads at boot only, a livepatch must not need any. */
void check_boot_sections(struct check *check)
{
	for (guint i = 0; i < check->livepatch->sections->len; i++) {
		const struct section *section = object_section_at(check->livepatch, i);
		const struct special *special = special_find(section->name, check->kernel->series);

		if (special && special->at_boot && section->size)
			check_refuse(check, section->name, "the kernel reads it at boot only");
	}
}
