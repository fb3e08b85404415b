/*
 * What the census must know of x86-64: how entries of special sections are laid out, and which
 * place a field of an instruction means.  For this room.
 */
#ifndef KLATCH_CENSUS_X86_H
#define KLATCH_CENSUS_X86_H

#include <glib.h>

/* Fields of entries, beside the one that refers to code (kernel/special.h). */
enum {
	X86_JUMP_KEY = 8,		 /* 64 bits, relative */
	X86_STATIC_CALL_KEY = 4,	 /* 32 bits, relative */
	X86_ALTERNATIVE_REPLACEMENT = 4, /* 32 bits, relative */
	X86_DESCRIPTOR_SIZE = 56,	 /* struct _ddebug with its key */
	X86_FLAGS = 3,			 /* the low bits of a key's address are not of it */
	X86_BUG_FILE_FROM_END = 8,	 /* 32 bits, relative */
	X86_PARAVIRT_LEAST = 10,	 /* without the padding before the next entry */
};

/* The length of the replacement: the last byte of an entry since padding has no field of its own.
 */
guint x86_replacement_length(const guint8 *entry, guint entry_size);

/* How many bytes of the instruction follow a 32-bit field that is relative to its end. */
guint x86_bytes_behind(const guint8 *code, guint64 offset);

#endif
