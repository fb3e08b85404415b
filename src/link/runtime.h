/*
 * late/ compiled for one kernel: done once, when the kernel is added, so that a build compiles
 * nothing but the patched units.
 */
#ifndef KLATCH_LINK_RUNTIME_H
#define KLATCH_LINK_RUNTIME_H

#include <glib.h>

#include "kernel/kernel.h"

/*
 * Compiles late/ and a module header (struct module, version magic) against a prepared output tree
 * into `directory` (kernel->late, made), which may be renamed afterwards.  It then holds:
 *
 *	late.o		the kernel side; refers to klatch_objects and klatch_nr_objects
 *	module.o	struct module with the name KLATCH_MODULE_NAME, fixed part of .modinfo
 *	module.lds	the kernel's linker script for modules
 *	digest		of the sources, which are embedded in the program
 *
 * All paths are absolute.  KLATCH_ENVIRONMENT with make's own last lines if it fails.
 */
gboolean runtime_compile(const char *source, const char *build, const char *release,
			 const char *compiler, const char *directory, GError **error);

/* Compiles it again for a prepared kernel if that was prepared by a klatch with another late/. */
gboolean runtime_renew(const struct kernel *kernel, GError **error);

#endif
