/*
 * External modules, built by the kernel's own build system.
 */
#ifndef KLATCH_COMPILE_EXTERNAL_H
#define KLATCH_COMPILE_EXTERNAL_H

#include <glib.h>

#include "tree/kbuild.h"

/*
 * Builds the modules of an external directory in it.  The output tree must hold Module.symvers and
 * scripts/module.lds.  Returns the paths of the .ko files below the directory, as an array of char
 * *, owned; there is at least one.  KLATCH_INPUT with the compiler's own lines if one does not
 * compile.
 */
GPtrArray *external_build(const struct external *external, GError **error);

/* Removes what builds left behind in the directory. */
gboolean external_clean(const struct external *external, GError **error);

#endif
