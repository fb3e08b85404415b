/*
 * The tables of late/klatch.h: first per unit, as sections that joining the units appends to each
 * other, then the objects that they belong to.
 */
#ifndef KLATCH_LINK_TABLES_H
#define KLATCH_LINK_TABLES_H

#include <glib.h>

#include "klatch.h"
#include "link/resolve.h"
#include "link/scope.h"

/* What the names of klatch's own sections begin with, and those of late references' places. */
#define TABLES_PREFIX ".klatch."
#define TABLES_SITES  TABLES_PREFIX "sites."
#define TABLES_PROBES TABLES_PREFIX "probes"

/* Adds a function to replace: by what lies at an offset of a section. */
void tables_add_function(struct object *object, const struct location *replaced,
			 struct section *section, guint64 offset);

/* The same of one that a kprobe is to take over. */
void tables_add_probe(struct object *object, const struct location *replaced,
		      struct section *section, guint64 offset);

/*
 * Takes every late reference out of an object's relocations.  Policy rebind puts it into the table
 * of sites of the module `owner`; its symbol is kept as a relocation that writes nothing, and such
 * that were there before (objtool makes them of what it has made void) are dropped.  With the other
 * policies it becomes a livepatch relocation that the kernel applies when `owner` comes; clear has
 * both.
 * KLATCH_REFUSED if one is in a special section, which the kernel reads before it could be bound;
 * policy kernel lets it.
 */
gboolean tables_take_sites(struct object *object, const char *owner, guint series,
			   enum klatch_policy policy, GError **error);

/* Makes the callbacks that a unit brings along (late/patch.h) those of its object. */
void tables_take_callbacks(struct object *object, const char *owner);

/*
 * Adds the symbol klatch_livepatch: what this is for, and an entry for each object that has a
 * table, with the identity of the build that it was made for.
 * Functions that kprobes are to take over make the kernel side's callbacks for that some of their
 * object's.
 * stays: its module is never removed.
 * KLATCH_REFUSED if a module has no build ID, or the kernel no version.
 */
gboolean tables_add_livepatch(struct object *object, struct scope *scope,
			      const struct link_options *options, gboolean stays, GError **error);

/* Policy rebind: fills in the numbers of the sites' symbols, which must not change any more, and
 * lets the kernel resolve each of them with its object. */
void tables_number_sites(struct object *object, enum klatch_policy policy);

#endif
