/*
 * Fields of relocations (AMD64 psABI, table 4.9).
 */
#include <string.h>

#include "elf/object.h"
#include "match/field.h"

gboolean field_is_known(guint32 type)
{
	switch (type) {
	case R_X86_64_64:
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
	case R_X86_64_PC64:
		return TRUE;
	default:
		return FALSE;
	}
}

void field_write(guint8 *field, guint32 type, guint64 place, guint64 target)
{
	guint64 value = GUINT64_TO_LE(reloc_is_relative(type) ? target - place : target);

	memcpy(field, &value, reloc_size(type));
}

guint64 field_read(const guint8 *field, guint32 type, guint64 place)
{
	guint64 value = 0;

	memcpy(&value, field, reloc_size(type));
	value = GUINT64_FROM_LE(value);
	if (reloc_size(type) == 4 && type != R_X86_64_32)
		value = (guint64)(gint64)(gint32)value;
	return reloc_is_relative(type) ? value + place : value;
}
