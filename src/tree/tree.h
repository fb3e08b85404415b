/*
 * The source tree of a kernel: unpacked once, never written again; an output tree prepared for it.
 */
#ifndef KLATCH_TREE_TREE_H
#define KLATCH_TREE_TREE_H

#include <glib.h>

#include "base/progress.h"

/*
 * Unpacks linux-source (the .deb) into the cache as `source` unless it is there.  Written aside and
 * renamed; safe with another klatch at the same time.
 */
gboolean tree_unpack(const char *source_deb, const char *source, struct progress *progress,
		     GError **error);

/*
 * Prepares an output tree: config is the headers package's .config; runs olddefconfig and prepare
 * with the kernel's own compiler and checks afterwards that the generated headers equal those
 * of the headers package in `headers` (compile.h, package.h, utsversion.h aside, which are taken
 * from it).
 * KLATCH_ENVIRONMENT if the compiler is missing or another than compiler_text says.
 */
gboolean tree_prepare(const char *source, const char *headers, const char *build,
		      const char *release, const char *compiler, const char *compiler_text,
		      struct progress *progress, GError **error);

#endif
