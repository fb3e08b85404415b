/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the builder hands to the kernel side: tables in read-only sections of the livepatch.
 *
 * The builder (src/link) emits one struct klatch_object for each object it patches, vmlinux or a
 * module, with the functions to replace and, for a module, the sites of its late references.  Both
 * sides include this file; sizes and offsets are those of x86-64.
 */
#ifndef KLATCH_LATE_H
#define KLATCH_LATE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
typedef uint32_t u32;
typedef int64_t s64;
#endif

/* Stands in the kernel side's struct module until the builder writes the livepatch's own name. */
#define KLATCH_MODULE_NAME "klatch module name"

/* A function to replace. */
struct klatch_func {
	const char *name; /* of the function to replace */
	void *replacement;
	unsigned long sympos; /* as struct klp_func's old_sympos: 0 if the name is unique */
};

/*
 * A late reference: a place in the livepatch that refers to a symbol of an object that may not be
 * loaded.  The kernel resolves the symbol (a klp relocation of type R_X86_64_NONE names it); the
 * livepatch writes the place each time the object comes, and the kernel never does.
 */
struct klatch_site {
	void *place;
	u32 symbol; /* index in the livepatch's own symbol table; st_value is the address */
	u32 type;   /* R_X86_64_64, 32, 32S, PC32, PLT32 or PC64 */
	s64 addend;
};

struct klatch_object {
	const char *name; /* NULL is vmlinux */
	const struct klatch_func *funcs;
	const struct klatch_site *sites; /* by rising place, or binding takes long */
	u32 nr_funcs;
	u32 nr_sites;
};

/* Symbols that the builder defines, in section .klatch.objects. */
extern const struct klatch_object klatch_objects[];
extern const u32 klatch_nr_objects;

#endif
