/*
 * The functions of an object by place: which one code belongs to.
 */
#ifndef KLATCH_ELF_FUNCTIONS_H
#define KLATCH_ELF_FUNCTIONS_H

#include <glib.h>

#include "elf/object.h"

struct function {
	const struct section *section;
	guint64 start, end;
	const char *name; /* of several for one place, the first of the alphabet */
};

/* Function symbols with a size, as an array of struct function, ordered by place.  The caller
 * unrefs. */
GArray *functions_of(const struct object *object);

/* The function that an offset of a section lies in, or NULL.  Borrowed. */
const struct function *functions_at(const GArray *functions, const struct section *section,
				    guint64 offset);

#endif
