/*
 * The sum that a livepatch carries of itself: SHA-256 of the whole file, in a section that is not
 * loaded.  What was damaged or changed since it was written is known by it with certainty, which
 * no look at the parts can give: a changed instruction is as sound as the right one.  A signature
 * comes behind the file, and is not part of it.
 */
#ifndef KLATCH_ELF_SEAL_H
#define KLATCH_ELF_SEAL_H

#include <glib.h>

#include "elf/object.h"

enum seal {
	SEAL_NONE,   /* it has no sum, or is no ELF file */
	SEAL_WHOLE,  /* every byte is as it was written */
	SEAL_BROKEN, /* it is not */
};

/* As object_write(), with a sum. */
gboolean seal_write(struct object *object, const char *path, GError **error);

/* What the sum of a file, without its signature, says. */
enum seal seal_look(const void *file, gsize size);

/* Makes the sum of a file that has a place for it right.  Returns whether it has. */
gboolean seal_renew(void *file, gsize size);

#endif
