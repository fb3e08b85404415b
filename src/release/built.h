/*
 * What a kernel is built from, as far as the splitting of changes asks: which files, which of them
 * may see another, and what they are linked into.
 */
#ifndef KLATCH_RELEASE_BUILT_H
#define KLATCH_RELEASE_BUILT_H

#include <glib.h>

#include "base/cleanup.h"
#include "kernel/kernel.h"
#include "tree/commands.h"

/* Asked of one path below the source tree at a time.  Tests have a simple one of their own. */
struct built {
	/* Whether a unit is compiled from the file or may include it. */
	gboolean (*holds)(struct built *built, const char *path);
	/* The paths of all files that may include this one, directly or not, as a set (char *) that
	 * the struct owns; itself is not among them unless it includes itself. */
	GHashTable *(*includers)(struct built *built, const char *path);
	/* The objects that a file is compiled into, "vmlinux" or modules; of a header the one whose
	 * units alone may include it: array of borrowed const char *, each once.  Caller unrefs. */
	GPtrArray *(*objects)(struct built *built, const char *path);
	void (*free)(struct built *built);
};

/* The kernel's own, from its database and its include index.  kernel and commands are borrowed. */
struct built *built_of_kernel(const struct kernel *kernel, const struct commands *commands,
			      GError **error);
void built_free(struct built *built);
DEFINE_AUTO(built, built_free)

#endif
