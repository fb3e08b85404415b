/*
 * The special sections of x86-64 kernel objects: tables whose entries refer to code and that the
 * kernel or objtool reads.  One row a section; what depends on the kernel version is in the row.
 * Sources: kernel tree arch/x86/include/asm/{alternative,jump_label,bug,asm,paravirt_types}.h,
 * include/linux/{jump_label,static_call_types,objtool}.h, tools/objtool/.
 */
#ifndef KLATCH_KERNEL_SPECIAL_H
#define KLATCH_KERNEL_SPECIAL_H

#include <glib.h>

enum special_policy {
	SPECIAL_COPY,	 /* entries of replaced functions come along */
	SPECIAL_OBJTOOL, /* made again by objtool: never copied, never compared */
	SPECIAL_HINT,	 /* .discard.*: read by objtool: entries come along, not compared */
	SPECIAL_CODE,	 /* code or data that entries of other tables refer to (replacement code):
			    comes along piece by piece with them */
	SPECIAL_IGNORE,	 /* never comes along: made for the whole object (.modinfo, __ksymtab...) */
};

struct special {
	const char *name; /* exact name, or a prefix if it ends in '*' */
	enum special_policy policy;
	guint entry_size;  /* bytes, for this kernel; 0: entries are told apart by their symbols */
	guint code_offset; /* where in an entry the relocation to the code that owns it is */
	guint ignored_offset; /* bytes that may differ without meaning (a bug's line number) ... */
	guint ignored_size;   /* ... and how many; 0 for none */
	gboolean at_boot;     /* read once at boot, of vmlinux alone: in a livepatch, whose entries
				 nobody would read, the code must do without */
	gboolean registers;   /* SPECIAL_IGNORE only: the kernel walks it once, at boot or when the
				 object is loaded (init calls, parameters, PCI fixups, trace
				 events): what a patch adds or changes there has no effect */
};

/* The row for a section of an object of this kernel series (6001 for 6.1), or NULL if it has none.
 * The result is in static storage and differs by series. */
const struct special *special_find(const char *section_name, guint series);

/*
 * Whether a section is plain text or data, whose symbols are all there is to know of it.  A section
 * that is neither in the table nor ordinary is one klatch does not know: refuse it by name, if it
 * is SHF_ALLOC, rather than guess what the kernel does with it.
 */
gboolean special_is_ordinary(const char *section_name);

#endif
