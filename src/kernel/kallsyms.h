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
	/* private */
	char *text;	     /* the names */
	GHashTable *by_name; /* name to the index of its first symbol, plus one */
	guint32 *same_name;  /* all indexes, those of one name side by side and in order */
	guint32 *group;	     /* by the index of a name's first symbol: where in same_name */
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

/* Every symbol of a name, in order.  *count is 0 and NULL is returned if there is none.
 * The array of indexes into ->symbols is borrowed. */
const guint32 *kallsyms_find(const struct kallsyms *kallsyms, const char *name, gsize *count);

/* The index of the first symbol with exactly this address, or -1. */
gssize kallsyms_at(const struct kallsyms *kallsyms, guint64 address);

#endif
