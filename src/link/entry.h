/*
 * Entries of functions for calls through their address.  On a kernel with IBT such a call must meet
 * an ENDBR.  The compiler leaves it out of static functions whose address nobody takes, and the
 * kernel takes it off others of which the same is known once all is linked (.ibt_endbr_seal).
 * Replacement code may be the first to take an address: it gets that of an entry of its own.
 */
#ifndef KLATCH_LINK_ENTRY_H
#define KLATCH_LINK_ENTRY_H

#include <glib.h>

#include "elf/object.h"
#include "match/image.h"

/* What the names of entries begin with; behind it is the name of the function. */
#define ENTRY_PREFIX "klatch_entry_"

/* Whether the function at an address of an image begins with an ENDBR as shipped; and whether it
 * still has it when it runs. */
gboolean entry_has_endbr(const struct image *image, guint64 address);
gboolean entry_is_open(const struct image *image, guint64 address);

/* The entry for a symbol, which stands for a function: one for an object. */
struct symbol *entry_for(struct object *object, struct symbol *symbol, const char *function);

#endif
