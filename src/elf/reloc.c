/*
 * The relocation types of x86-64 (AMD64 psABI, table 4.9): name, field, meaning.
 */
#include "elf/object.h"

static const struct {
	const char *name;
	gint8 size;
	gboolean relative; /* the place is subtracted */
} types[] = {
#define TYPE(tag, bytes, is_relative)                                                              \
	[R_X86_64_##tag] = {.name = "R_X86_64_" #tag, .size = (bytes), .relative = (is_relative)}
	TYPE(NONE, 0, FALSE),
	TYPE(64, 8, FALSE),
	TYPE(PC32, 4, TRUE),
	TYPE(GOT32, 4, FALSE),
	TYPE(PLT32, 4, TRUE),
	TYPE(COPY, 0, FALSE),
	TYPE(GLOB_DAT, 8, FALSE),
	TYPE(JUMP_SLOT, 8, FALSE),
	TYPE(RELATIVE, 8, FALSE),
	TYPE(GOTPCREL, 4, TRUE),
	TYPE(32, 4, FALSE),
	TYPE(32S, 4, FALSE),
	TYPE(16, 2, FALSE),
	TYPE(PC16, 2, TRUE),
	TYPE(8, 1, FALSE),
	TYPE(PC8, 1, TRUE),
	TYPE(DTPMOD64, 8, FALSE),
	TYPE(DTPOFF64, 8, FALSE),
	TYPE(TPOFF64, 8, FALSE),
	TYPE(TLSGD, 4, TRUE),
	TYPE(TLSLD, 4, TRUE),
	TYPE(DTPOFF32, 4, FALSE),
	TYPE(GOTTPOFF, 4, TRUE),
	TYPE(TPOFF32, 4, FALSE),
	TYPE(PC64, 8, TRUE),
	TYPE(GOTOFF64, 8, FALSE),
	TYPE(GOTPC32, 4, TRUE),
	TYPE(GOT64, 8, FALSE),
	TYPE(GOTPCREL64, 8, TRUE),
	TYPE(GOTPC64, 8, TRUE),
	TYPE(GOTPLT64, 8, FALSE),
	TYPE(PLTOFF64, 8, FALSE),
	TYPE(SIZE32, 4, FALSE),
	TYPE(SIZE64, 8, FALSE),
	TYPE(GOTPC32_TLSDESC, 4, TRUE),
	TYPE(TLSDESC_CALL, 0, FALSE),
	TYPE(TLSDESC, 16, FALSE),
	TYPE(IRELATIVE, 8, FALSE),
	TYPE(RELATIVE64, 8, FALSE),
	TYPE(GOTPCRELX, 4, TRUE),
	TYPE(REX_GOTPCRELX, 4, TRUE),
#undef TYPE
};

static gboolean type_is_known(guint32 type)
{
	return type < G_N_ELEMENTS(types) && types[type].name;
}

int reloc_size(guint32 type)
{
	return type_is_known(type) ? types[type].size : -1;
}

gboolean reloc_is_relative(guint32 type)
{
	return type_is_known(type) && types[type].relative;
}

const char *reloc_name(guint32 type)
{
	return type_is_known(type) ? types[type].name : "unknown relocation type";
}
