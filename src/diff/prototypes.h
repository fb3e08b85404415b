/*
 * Pointers to functions that objects hold, of which only the prototype changed: a part of comparing
 * types (types.c), not of this room's door.
 */
#ifndef KLATCH_DIFF_PROTOTYPES_H
#define KLATCH_DIFF_PROTOTYPES_H

#include "diff/comparison.h"
#include "diff/describe.h"

/* A function's type, before and after. */
struct prototype {
	Dwarf_Die original, patched;
};

/* Whether two types are functions, or pointers to them, that differ in no more than the prototype.
 */
gboolean prototype_find(struct prototype *prototype, Dwarf_Die *original, Dwarf_Die *patched);

/* Why what holds a function of the old prototype can't go on holding it.  NULL if it can.  Caller
 * frees. */
char *prototype_obstacle(const struct comparison *comparison, struct types *original_types,
			 struct types *patched_types, struct prototype *prototype);

/* The same for what may hold functions or only calls them: one that stays as it was does no harm
 * then. */
char *prototype_loss(const struct comparison *comparison, struct types *original_types,
		     struct types *patched_types, struct prototype *prototype);

#endif
