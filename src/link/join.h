/*
 * Joining objects, as ld -r does.
 */
#ifndef KLATCH_LINK_JOIN_H
#define KLATCH_LINK_JOIN_H

#include <glib.h>

#include "elf/object.h"

/*
 * Appends an object to another: what the kernel loads of it, and the symbols that are defined there
 * or referred to.  Sections of one name become one (the kernel looks for one of each name), global
 * symbols of one name become one.  KLATCH_REFUSED if both define it.
 */
gboolean join_object(struct object *into, const struct object *from, GError **error);

#endif
