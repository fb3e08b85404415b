/*
 * A module whole: the .ko that the kernel's own build would have made of the patched source, to be
 * loaded in the shipped one's place.
 *
 * It has the shipped module's version magic, the CRCs of all that it exports and imports, its
 * aliases and parameters, and a build ID of its own.  It is not signed.
 */
#ifndef KLATCH_FIXED_FIXED_H
#define KLATCH_FIXED_FIXED_H

#include <glib.h>

#include "kernel/kernel.h"
#include "tree/commands.h"
#include "tree/overlay.h"

/*
 * Builds a module of a kernel ("usb_storage") to `path`.  overlay: the patches, its plain_root
 * complete; NULL: none.  directory: for what the build makes on the way (made).
 *
 * The module is built without the patches first, in the same way, and that one must equal the
 * shipped one in all but its build ID; so what is the same for both needs no other proof.
 * KLATCH_REFUSED if it does not, or if the patched one can't be linked.
 */
gboolean fixed_build(const struct kernel *kernel, const struct commands *commands,
		     const struct overlay *overlay, const char *module, const char *directory,
		     const char *path, GError **error);

#endif
