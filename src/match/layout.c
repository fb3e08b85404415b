/*
 * The top 2 GiB are shared as follows, so that every 32-bit field reaches everything: undefined
 * symbols in the lower half, each in 64 KiB of its own (no addend is that large), sections in the
 * upper half.  Between sections lies a gap, so that the end of one is not the start of the next.
 */
#include "base/error.h"
#include "match/field.h"
#include "match/layout.h"

#define UNDEFINED_BASE	0xffffffff80000000
#define UNDEFINED_SPACE 0x10000
#define SECTION_BASE	0xffffffffc0000000
#define SECTION_END	0xfffffffffff00000
#define SECTION_GAP	64

static gboolean too_large(const struct object *module, GError **error)
{
	klatch_fail(error, KLATCH_INPUT, "the module can't be laid out", module->name, NULL,
		    "it is too large for the kernel's module area");
	return FALSE;
}

static gboolean place_sections(struct object *module, GError **error)
{
	guint64 next = SECTION_BASE;

	for (guint i = 0; i < module->sections->len; i++) {
		struct section *section = object_section_at(module, i);
		guint64 align = MAX(section->align, 1);

		if (!(section->flags & SHF_ALLOC))
			continue;
		if (align > SECTION_END - next)
			return too_large(module, error);
		next = (next + align - 1) / align * align;
		if (next > SECTION_END || section->size > SECTION_END - next)
			return too_large(module, error);
		section->address = next;
		next += section->size + SECTION_GAP;
	}
	return TRUE;
}

static guint64 *place_symbols(const struct object *module, GError **error)
{
	g_autofree guint64 *addresses = g_new0(guint64, module->symbols->len + 1);
	guint64 next = UNDEFINED_BASE;

	for (guint i = 0; i < module->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(module, i);

		if (symbol->section || symbol->special == SHN_ABS) {
			addresses[i] = symbol->value;
			if (symbol->section && symbol->section->flags & SHF_ALLOC)
				addresses[i] += symbol->section->address;
			continue;
		}
		next += UNDEFINED_SPACE;
		if (next >= SECTION_BASE) {
			too_large(module, error);
			return NULL;
		}
		addresses[i] = next;
	}
	return g_steal_pointer(&addresses);
}

static gboolean relocate(const struct object *module, struct section *section,
			 const guint64 *addresses, GError **error)
{
	for (guint i = 0; i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);
		guint64 symbol = reloc->symbol ? addresses[reloc->symbol->index] : 0;

		if (reloc->type == R_X86_64_NONE)
			continue;
		if (!field_is_known(reloc->type)) {
			klatch_fail(error, KLATCH_INPUT, "the module can't be laid out",
				    module->name, NULL,
				    "section %s has a relocation of type %s, which the kernel's "
				    "module loader does not know",
				    section->name, reloc_name(reloc->type));
			return FALSE;
		}
		field_write(section->data + reloc->offset, reloc->type,
			    section->address + reloc->offset, symbol + reloc->addend);
	}
	return TRUE;
}

guint64 *layout_module(struct object *module, GError **error)
{
	if (!place_sections(module, error))
		return NULL;

	g_autofree guint64 *addresses = place_symbols(module, error);
	if (!addresses)
		return NULL;
	for (guint i = 0; i < module->sections->len; i++) {
		struct section *section = object_section_at(module, i);

		if (section->flags & SHF_ALLOC && !section->relocates &&
		    !relocate(module, section, addresses, error))
			return NULL;
	}
	return g_steal_pointer(&addresses);
}
