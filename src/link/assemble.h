/*
 * Assembling: one unit's pieces as an object of their own, every reference out of it bound.
 */
#ifndef KLATCH_LINK_ASSEMBLE_H
#define KLATCH_LINK_ASSEMBLE_H

#include <glib.h>

#include "base/cleanup.h"
#include "elf/object.h"
#include "link/bind.h"
#include "link/link.h"

struct assembly {
	struct object *object;
	/*
	 * objtool knows functions by name (those that never return, static calls), and would take
	 * two symbols of one name for each other.  So symbols go to it under names that suit it,
	 * and get those of the livepatch afterwards: name -> name, of undefined symbols.
	 */
	GHashTable *names;
	GArray *replaced; /* of struct assembly_function */
};

/* What a function replaces. */
struct assembly_function {
	const char *name; /* of the function in the assembly */
	gboolean probed;  /* struct diff_function */
	struct location location;
};

/*
 * Assembles a unit.  KLATCH_REFUSED if a reference can't be bound.
 */
struct assembly *assemble_unit(struct scope *scope, const struct link_unit *unit, GError **error);
void assembly_free(struct assembly *assembly);
DEFINE_AUTO(assembly, assembly_free)

/* The name that an undefined symbol will have in the livepatch.  Borrowed. */
const char *assembly_name(const struct assembly *assembly, const struct symbol *symbol);

/* Adds what is replaced (link/tables.h) to an object that objtool made of the assembly: before, it
 * would take the table for one of addresses that are called. */
void assembly_add_functions(const struct assembly *assembly, struct object *object);

/* Gives the undefined symbols of an object, which objtool made of the assembly, their names. */
void assembly_rename(const struct assembly *assembly, struct object *object);

#endif
