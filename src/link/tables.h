/*
 * The tables of late/klatch.h: first per unit, as sections that joining the units appends to each
 * other, then the objects that they belong to.
 */
#ifndef KLATCH_LINK_TABLES_H
#define KLATCH_LINK_TABLES_H

#include <glib.h>

#include "elf/object.h"
#include "link/resolve.h"

/* Adds a function to replace: by what lies at an offset of a section. */
void tables_add_function(struct object *object, const struct location *replaced,
			 struct section *section, guint64 offset);

/*
 * Takes every late reference out of an object's relocations, and puts it into the table of sites of
 * the module `owner`.  The symbol of a site is kept as a relocation that writes nothing; such that
 * were there before (objtool makes them of what it has made void) are dropped.
 * KLATCH_REFUSED if one is in a special section, which the kernel reads before it could be bound.
 */
gboolean tables_take_sites(struct object *object, const char *owner, guint series, GError **error);

/* Adds klatch_objects and klatch_nr_objects: an entry for each object that has a table. */
void tables_add_objects(struct object *object);

/* Fills in the numbers of the sites' symbols, which must not change any more, and lets the kernel
 * resolve each of them with its object. */
void tables_number_sites(struct object *object);

#endif
