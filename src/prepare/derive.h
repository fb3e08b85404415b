/*
 * The way of a kernel with external modules into the cache: derived from a prepared one.
 */
#ifndef KLATCH_PREPARE_DERIVE_H
#define KLATCH_PREPARE_DERIVE_H

#include <glib.h>

#include "prepare/add.h"

/*
 * Derives from the prepared kernel `release` the one that has the modules built of `directory`
 * among its own: RELEASE+NAME.  name NULL: that of the directory.  What was derived under that name
 * before is replaced.
 *
 * The modules are built with the kernel's own build system, as M= does it.  A .ko that lies in the
 * directory already is what is shipped, whoever built it: each build of a livepatch proves anyway
 * that the source, compiled here, is what is shipped.
 */
struct kernel_add_result *kernel_derive(const char *release, const char *directory,
					const char *name, struct progress *progress,
					GError **error);

#endif
