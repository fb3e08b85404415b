/*
 * Which units may define a function: for who knows its name from the binary.
 */
#ifndef KLATCH_TREE_DEFINERS_H
#define KLATCH_TREE_DEFINERS_H

#include <glib.h>

#include "tree/commands.h"

/*
 * The units of vmlinux in whose source file each of some names (a set of char *) stands on a line
 * that is not indented, as in the kernel's style a definition does; so do declarations, and others
 * of the same name, so there may be more than one.  The symbol table's names of system calls and of
 * the parts and copies that a compiler makes are those of the function in the source.  Name ->
 * GPtrArray of borrowed const struct unit *, empty if there is none; borrows the names.
 * KLATCH_ENVIRONMENT if a source can't be read.  Caller unrefs.
 */
GHashTable *definers_find(const struct kernel *kernel, const struct commands *commands,
			  GHashTable *names, GError **error);

#endif
