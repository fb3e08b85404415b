/*
 * Instructions: where one ends and what it refers to relative to its end.  The only part of this
 * room that reads code, and so the only one that depends on the architecture.
 */
#ifndef KLATCH_DIFF_INSN_H
#define KLATCH_DIFF_INSN_H

#include <glib.h>

#include "elf/object.h"

/* What is done with an address that is part of an instruction. */
enum insn_address {
	INSN_PLAIN,	 /* nothing that says whether it matters which one it is */
	INSN_STORED,	 /* it is written to memory, other than the stack */
	INSN_COMPARED,	 /* something is compared with it */
	INSN_SUBTRACTED, /* from something */
};

struct insn {
	guint64 offset; /* in the section */
	guint64 end;
	guint64 field;	  /* of a displacement relative to `end`: where it is ... */
	guint field_size; /* ... and its size in bytes; 0 if the instruction has none */
	guint64 target;	  /* where it leads if no relocation says otherwise */
	gboolean branch;  /* it is a jump or a call, not an address in memory */
	gboolean call;	  /* ... a call */
	gboolean returns; /* to the caller, or to who knows where */
	gboolean inert;	  /* it changes no register but flags, no memory, and may go on behind it: a
			     comparison, a conditional jump */
	guint64 memory;	  /* where the displacement of an access to memory is; 0 if there is none */
	guint64 immediate; /* where a value is that is no displacement; 0 if there is none */
	enum insn_address address; /* what is done with that if it is an address */
};

struct insn_walk {
	const struct section *section;
	guint64 at, end;  /* what is still to be decoded */
	struct insn insn; /* the current one */
};

/* Decodes the next instruction.  Bytes that are none are skipped.  False at the end. */
gboolean insn_next(struct insn_walk *walk);

/* Whether a range of code is nothing but what assemblers fill gaps with. */
gboolean insn_is_padding(const struct section *section, guint64 start, guint64 end);

/* What the instructions of a section say of its relocations. */
struct insn_use {
	guint8 tail; /* bytes from the field to what its value is relative to; 0 if absolute */
	gboolean branch;
	gboolean access; /* it is what is at the address that is meant, not the address */
	enum insn_address address;
};

/* How far behind a relocation's symbol it leads. */
static inline guint64 insn_use_offset(const struct insn_use *use, const struct reloc *reloc)
{
	return (guint64)reloc->addend + use->tail;
}

/* One insn_use for each relocation of a section, in order.  Caller frees. */
struct insn_use *insn_uses(const struct section *section);

#endif
