/*
 * The names of an image: each with all its addresses, in the image's own order.
 */
#ifndef KLATCH_MATCH_NAMES_H
#define KLATCH_MATCH_NAMES_H

#include <glib.h>

#include "base/cleanup.h"

enum {
	NAME_GLOBAL = 1, /* an undefined reference to the name leads here */
	NAME_COMING = 2, /* the kernel's livepatch code sees it while the object is COMING ... */
	NAME_LIVE = 4,	 /* ... and when it is LIVE */
};

struct named {
	const char *name; /* borrowed from what the names were read from */
	guint64 address;
	guint flags; /* NAME_* */
};

/* All symbols of one name. */
struct same_name {
	const struct named *symbols;
	const guint64 *addresses; /* of the same symbols */
	gsize count;		  /* 0 if there is none of that name */
};

struct names;

/* Groups symbols by name; within a name the order stays. */
struct names *names_new(const struct named *symbols, gsize count);
void names_free(struct names *names);
DEFINE_AUTO(names, names_free)

struct same_name names_find(const struct names *names, const char *name);

/* The symbol at an address, or else the nearest one below it that is not below `lowest`; NULL if
 * there is none.  Linear. */
const struct named *names_before(const struct names *names, guint64 lowest, guint64 address);

/* Whether any name begins with a prefix.  Linear. */
gboolean names_have_prefix(const struct names *names, const char *prefix);

#endif
