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
 * into a directory below kernel->late that is named by a digest of the sources, which are embedded
 * in the program.  It then holds:
 *
 *	late.o		the kernel side; refers to klatch_livepatch
 *	module.o	struct module with the name KLATCH_MODULE_NAME, fixed part of .modinfo
 *	module.lds	the kernel's linker script for modules
 *
 * KLATCH_ENVIRONMENT with make's own last lines if it fails.
 */
gboolean runtime_compile(const struct kernel *kernel, GError **error);

/* Makes kernel->late that directory; compiles first if this kernel was prepared by a klatch with
 * another late/. */
gboolean runtime_renew(struct kernel *kernel, GError **error);

#endif
