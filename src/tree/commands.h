/*
 * The database of commands: for every unit of a kernel the exact gcc and objtool commands and the
 * object (vmlinux or module) it is linked into, as `make -n` tells.
 *
 * Commands run in the kernel's build/ directory and name the source tree as kernel->source.
 */
#ifndef KLATCH_TREE_COMMANDS_H
#define KLATCH_TREE_COMMANDS_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "kernel/kernel.h"
#include "tree/kbuild.h"

struct unit {
	const char *output;    /* "drivers/net/tun.o", below build/; as make spells it */
	const char *source;    /* "drivers/net/tun.c", below the source tree (generated: below
				  build/), without ".." */
	const char *object;    /* "vmlinux" or the module's name ("tun", '-' as '_'); NULL for what
				  is linked into neither: vdso, real mode, purgatory, EFI stub. In
				  vmlinux is what an archive takes: of a lib.a only what is used */
	const char *compile;   /* the gcc command as one shell line, without -c, output and ... */
	const char *arguments; /* ... dependency options, in two parts to be joined by a space: the
				  first is the same string for many units; the second ends with the
				  source file */
	const char *objtool;   /* the objtool command without the file, or NULL if none is run */
	gboolean assembly;     /* a .S unit */
};

struct commands;

/*
 * Makes the database by running make -n in `build` and writes it to `path`.  Then makes the sources
 * that `make prepare` leaves to the rules of the units that need them (asn1, tables and the like).
 */
gboolean commands_make(const char *source, const char *build, const char *release,
		       const char *compiler, const char *path, struct progress *progress,
		       GError **error);

/*
 * Makes the database of a kernel with external modules: that of the kernel they are built for, and
 * their own units.  Their directory must hold no output of an earlier build.  Commands name the
 * source tree, which it is a directory of, as `source`.
 */
gboolean commands_make_external(const struct external *external, const char *source,
				const char *path, GError **error);

struct commands *commands_open(const struct kernel *kernel, GError **error);
void commands_free(struct commands *commands);
DEFINE_AUTO(commands, commands_free)

/* All units, of struct unit *, in the order of make.  Borrowed. */
const GPtrArray *commands_units(const struct commands *commands);

/* The units compiled from a source file (more than one if several objects build it; none: an
 * empty array).  Array of borrowed struct unit *; caller unrefs. */
GPtrArray *commands_of_source(const struct commands *commands, const char *source);

#endif
