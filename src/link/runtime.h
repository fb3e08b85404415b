/*
 * late/ compiled for one kernel: done once, when the kernel is added, so that a build compiles
 * nothing but the patched units.
 */
#ifndef KLATCH_LINK_RUNTIME_H
#define KLATCH_LINK_RUNTIME_H

#include <glib.h>

/* Compiles late/ and a module header (struct module, version magic) against a prepared output tree
 * into `directory` (kernel->late).  The sources of late/ are embedded in the program. */
gboolean runtime_compile(const char *source, const char *build, const char *release,
			 const char *compiler, const char *directory, GError **error);

#endif
