/*
 * The kernel's own build, called the same way by all who need it.
 */
#ifndef KLATCH_TREE_KBUILD_H
#define KLATCH_TREE_KBUILD_H

#include <glib.h>

#include "kernel/kernel.h"

/*
 * The command line of make for an output tree, without goals: array of char *, owned, not yet ended
 * by NULL.  The environment is made anew, so that neither the user's MAKEFLAGS, ARCH or CFLAGS nor
 * those of a make that klatch itself runs under change what is built.
 */
GPtrArray *kbuild_make(const char *source, const char *build, const char *release,
		       const char *compiler);

/* Modules that are built outside of the kernel's source (M=). */
struct external {
	const struct kernel *base; /* the kernel they are built for */
	const char *build;	   /* an output tree of it, for them alone */
	const char *directory;	   /* their sources, where they are built: a path without links */
	const char *origin;	   /* what the compiler calls that directory (__FILE__) */
	const char *name; /* the directory's name in the source tree that patches are for */
};

/* As kbuild_make(), for an external directory. */
GPtrArray *kbuild_external(const struct external *external);

/* Adds arguments, the last of them NULL; the NULL is added too. */
void kbuild_add(GPtrArray *argv, ...) G_GNUC_NULL_TERMINATED;

#endif
