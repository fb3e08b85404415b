/*
 * Which units may define a function: for who knows its name from the binary.
 */
#ifndef KLATCH_TREE_DEFINERS_H
#define KLATCH_TREE_DEFINERS_H

#include <glib.h>

#include "tree/commands.h"

/*
 * The units of vmlinux whose source file may define each of some names (a set of char *): it stands
 * before a parenthesis, or in a SYSCALL_DEFINE, on a line that is not indented, as in the kernel's
 * style a definition does.  So do declarations, and there are several of one name.  The symbol
 * table's names of system calls and of the parts and copies that a compiler makes are those of the
 * function in the source.  Name -> GPtrArray of borrowed const struct unit *, empty if there is
 * none; borrows the names. KLATCH_ENVIRONMENT if a source can't be read.  Caller unrefs.
 */
GHashTable *definers_find(const struct kernel *kernel, const struct commands *commands,
			  GHashTable *names, GError **error);

#endif
