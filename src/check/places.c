/*
 * Where the livepatch is written, by the module loader and by its own kernel side, and with what.
 */
#include <string.h>

#include "check/inside.h"

static int written_by(const struct section *section)
{
	if (!section_is_klp(section))
		return WRITTEN_BY_LOADER;
	return g_str_has_prefix(section->name, ".klp.rela.vmlinux.") ? WRITTEN_BY_LIVEPATCH_CORE
								     : WRITTEN_LATE;
}

static void add_relocs(GArray *writes, const struct section *section)
{
	const struct section *target = section_is_klp(section) ? section->relocates : section;

	if (!(target->flags & SHF_ALLOC))
		return;
	for (guint i = 0; i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);
		struct write write = {
			.section = target,
			.offset = reloc->offset,
			.type = reloc->type,
			.symbol = reloc->symbol,
			.addend = reloc->addend,
			.by = written_by(section),
		};

		if (write.by == WRITTEN_LATE && write.type == R_X86_64_NONE)
			continue; /* it only makes the kernel look the symbol up */
		g_array_append_val(writes, write);
	}
}

static void add_sites(GArray *writes, const struct table_object *object)
{
	for (guint i = 0; i < object->sites->len; i++) {
		const struct table_site *site = &g_array_index(object->sites, struct table_site, i);
		struct write write = {
			.section = site->place.section,
			.offset = site->place.offset,
			.type = site->type,
			.symbol = site->symbol,
			.addend = site->addend,
			.by = WRITTEN_LATE,
		};

		g_array_append_val(writes, write);
	}
}

static gint compare_writes(gconstpointer a, gconstpointer b)
{
	const struct write *left = a, *right = b;

	if (left->section->index != right->section->index)
		return left->section->index < right->section->index ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

GArray *writes_of(const struct object *livepatch, const struct tables *tables)
{
	GArray *writes = g_array_new(FALSE, FALSE, sizeof(struct write));

	for (guint i = 0; i < livepatch->sections->len; i++)
		add_relocs(writes, object_section_at(livepatch, i));
	/* With any other policy the kernel writes them, and the tables only say where. */
	for (guint i = 0; i < tables->objects->len && tables->policy == KLATCH_REBIND; i++)
		add_sites(writes, tables->objects->pdata[i]);
	g_array_sort(writes, compare_writes);
	return writes;
}

guint write_index(const GArray *writes, const struct place *place)
{
	const struct write wanted = {.section = place->section, .offset = place->offset};
	guint low = 0, high = writes->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (compare_writes(&g_array_index(writes, struct write, middle), &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void check_ordinary_relocs(struct check *check)
{
	for (guint i = 0; i < check->writes->len; i++) {
		const struct write *write = &g_array_index(check->writes, struct write, i);

		/* The loader leaves such a symbol alone: its value would be 0. */
		if (write->by == WRITTEN_BY_LOADER && symbol_is_klp(write->symbol))
			check_refuse_at(check, write->section, write->offset,
					"%s would be taken for address 0", write->symbol->name);
	}
}

/* What the loader of an x86-64 kernel knows (arch/x86/kernel/module.c, __apply_relocate_add). */
static gboolean type_is_known(guint32 type)
{
	static const guint32 known[] = {
		R_X86_64_NONE, R_X86_64_64,    R_X86_64_32,   R_X86_64_32S,
		R_X86_64_PC32, R_X86_64_PLT32, R_X86_64_PC64,
	};

	for (gsize i = 0; i < G_N_ELEMENTS(known); i++)
		if (known[i] == type)
			return TRUE;
	return FALSE;
}

void check_reloc_types(struct check *check)
{
	for (guint i = 0; i < check->writes->len; i++) {
		const struct write *write = &g_array_index(check->writes, struct write, i);
		gboolean writes_nothing = write->by == WRITTEN_LATE && write->type == R_X86_64_NONE;

		if (!type_is_known(write->type) || writes_nothing)
			check_refuse_at(check, write->section, write->offset,
					"%s is not known to what would write it",
					reloc_name(write->type));
	}
}

/* The kernel frees these sections when the livepatch's init has run. */
void check_init_sections(struct check *check)
{
	for (guint i = 0; i < check->writes->len; i++) {
		const struct write *write = &g_array_index(check->writes, struct write, i);

		if (write->by != WRITTEN_BY_LOADER &&
		    g_str_has_prefix(write->section->name, ".init"))
			check_refuse_at(check, write->section, write->offset,
					"a livepatch symbol is used in code or data for init");
	}
}

static gboolean is_zero(const guint8 *bytes, gsize size)
{
	static const guint8 zeros[8];

	return !memcmp(bytes, zeros, size);
}

/*
 * The loader refuses a module with a place that is not zero; and so does the kernel side.  A place
 * that is written twice would not be zero the second time.
 */
void check_places(struct check *check)
{
	guint64 end = 0; /* of what was written in the same section so far */

	for (guint i = 0; i < check->writes->len; i++) {
		const struct write *write = &g_array_index(check->writes, struct write, i);
		const struct section *section = write->section;
		int size = MAX(reloc_size(write->type), 0);

		if (i && write[-1].section != section)
			end = 0;
		if (!size)
			continue;
		if (!(section->flags & SHF_ALLOC) || !section->data ||
		    section->size - write->offset < (guint64)size)
			check_refuse_at(check, section, write->offset,
					"there is nothing to write to");
		else if (!is_zero(section->data + write->offset, size))
			check_refuse_at(check, section, write->offset, "it is not zero");
		else if (write->offset < end)
			check_refuse_at(check, section, write->offset,
					"another relocation writes there");
		end = MAX(end, write->offset + size);
	}
}
