/*
 * What a relocation writes: put into bytes, and read back from bytes that were linked.  Only the
 * types that the kernel's module loader knows; S + A below is symbol plus addend.
 */
#ifndef KLATCH_MATCH_FIELD_H
#define KLATCH_MATCH_FIELD_H

#include <glib.h>

/* Whether a type is one of those the functions below know; R_X86_64_NONE is not. */
gboolean field_is_known(guint32 type);

/* Writes S + A (less the place, for a relative type), cut to the field's size. */
void field_write(guint8 *field, guint32 type, guint64 place, guint64 target);

/* The S + A that a written field stands for. */
guint64 field_read(const guint8 *field, guint32 type, guint64 place);

#endif
