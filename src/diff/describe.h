/*
 * Types as debug information has them: a part of comparing types (types.c, prototypes.c), not of
 * this room's door.
 */
#ifndef KLATCH_DIFF_DESCRIBE_H
#define KLATCH_DIFF_DESCRIBE_H

#include "diff/debug.h"

enum form {
	WRITTEN,    /* as it is in the source */
	LAID_OUT,   /* the same for integers that are the same */
	COMPATIBLE, /* the same for all that C takes for the same in the type of a function */
	FORMS,
};

/* The types and functions of one side. */
struct types {
	struct debug *debug;
	GHashTable *by_name;		 /* name to struct type, owned */
	GHashTable *entries;		 /* of functions and variables: name to Dwarf_Die, owned */
	GHashTable *descriptions[FORMS]; /* offset of a type's entry to its description, owned */
};

struct member {
	const char *name;   /* "" for an unnamed struct or union */
	guint64 bit;	    /* where it begins */
	guint64 bits;	    /* of a bit field */
	const char *layout; /* its type */
	Dwarf_Die die;
};

/* The type of an entry; false if it has none: void. */
gboolean die_type(Dwarf_Die *die, Dwarf_Die *type);
guint64 die_number(Dwarf_Die *die, guint name, guint64 otherwise);

/* "" if it has none. */
const char *die_name(Dwarf_Die *die);

/* "struct", "union", "enum", or NULL for what is none. */
const char *die_kind(int tag);

/* A type, or that of a function, as one could write it.  Borrowed. */
const char *describe(struct types *types, Dwarf_Die *die, enum form form);

/* The type that an entry has or leads to.  Borrowed. */
const char *describe_target(struct types *types, Dwarf_Die *die, enum form form);

/* The members of a struct or union, of struct member.  Caller unrefs. */
GArray *members_of(struct types *types, Dwarf_Die *die);

#endif
