/*
 * The symbols of vmlinux.  Decoded from the raw image (whose ELF has no symbol table) by the
 * compressed tables that scripts/kallsyms.c emits; kept as text in the form of /proc/kallsyms.
 */
#ifndef KLATCH_KERNEL_KALLSYMS_H
#define KLATCH_KERNEL_KALLSYMS_H

#include <glib.h>

#include "base/cleanup.h"

struct kallsym {
	guint64 address;
	const char *name; /* owned by the table */
	char type;	  /* as nm(1): 't', 'T', 'd', ... */
};

struct kallsyms {
	struct kallsym
		*symbols; /* in the kernel's own order: by address, ties as the kernel has them */
	gsize count;
	char *text; /* the names */
};

/* Takes the symbols, by rising address, and the text that their names lie in. */
struct kallsyms *kallsyms_new(struct kallsym *symbols, gsize count, char *text);

/* Decodes the tables of a raw vmlinux ELF (layouts of 5.10 to 7.x).  KLATCH_INPUT if not found. */
struct kallsyms *kallsyms_decode(GBytes *vmlinux, const char *path, GError **error);

/* Reads what kallsyms_format() wrote ("%016x t name\n" a line; a module column is not accepted). */
struct kallsyms *kallsyms_read(const char *path, GError **error);
char *kallsyms_format(const struct kallsyms *kallsyms); /* caller frees */

void kallsyms_free(struct kallsyms *kallsyms);
DEFINE_AUTO(kallsyms, kallsyms_free)

#endif
