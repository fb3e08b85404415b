/*
 * What x86-64 code and its special sections say, and the few instructions klatch itself writes.
 * The one file of this room that knows the architecture.
 */
#ifndef KLATCH_LINK_X86_H
#define KLATCH_LINK_X86_H

#include <glib.h>

#include "elf/object.h"

/* Whether a relocation is the target of a direct call, jmp or jcc. */
gboolean x86_is_branch(const struct section *section, const struct reloc *reloc);

/*
 * The offset in its symbol's section that a relocation leads to, if it leads to code: the entry of
 * a function, a label.  (For data the instruction's immediates would count too.)
 */
gint64 x86_code_target(const struct section *section, const struct reloc *reloc);

/* The lengths of the original and of the replacement code, out of an entry of .altinstructions. */
struct x86_alternative {
	guint original_size;
	guint replacement_size;
};
struct x86_alternative x86_alternative(const guint8 *entry, guint entry_size);

/* Where the fields of an entry of .altinstructions and of __jump_table are. */
enum {
	X86_ALTERNATIVE_ORIGINAL = 0,
	X86_ALTERNATIVE_REPLACEMENT = 4,
	X86_JUMP_CODE = 0,
	X86_JUMP_TARGET = 4,
	X86_JUMP_KEY = 8,
};

/* Whether code begins as IBT wants it of what is called through its address: with ENDBR. */
gboolean x86_is_endbr(const guint8 *code, guint64 size);

/* Where the target is in a direct call. */
enum { X86_CALL_DISPLACEMENT = 1 };

/* Whether the code at an offset is a 5-byte jump or NOP, as a jump label's site must be. */
gboolean x86_is_jump_site(const struct section *section, guint64 offset);

/* A jump label that is to follow its key's value; all in one object. */
struct x86_jump_label {
	struct section *section; /* of the site; the test is appended to it */
	guint64 site;		 /* offset of the 5-byte site */
	struct section *target_section;
	guint64 target;
	struct symbol *key; /* the key's address and flags, as the entry's relocation has them */
	gint64 key_addend;
};

/*
 * Makes the site a jump to a test of the key, appended to the section: taken as the kernel would
 * have it, back behind the site otherwise.  Returns the number of bytes appended.
 */
guint x86_write_jump_label(struct object *object, const struct x86_jump_label *label);

/*
 * Makes a mov of an 8-byte immediate (the field at an offset) to a register a load of the register
 * from a symbol.  FALSE if the code there is no such mov.
 */
gboolean x86_load_instead(struct section *section, guint64 immediate, struct symbol *symbol,
			  gint64 addend);

/* Appends a jump to a symbol; returns the number of bytes. */
guint x86_append_jump(struct section *section, struct symbol *symbol, gint64 addend);

/* Appends an ENDBR. */
void x86_append_endbr(struct section *section);

#endif
