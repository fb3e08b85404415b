/*
 * Debug information of an object of the model, opened with libdw.
 */
#ifndef KLATCH_DIFF_DEBUG_H
#define KLATCH_DIFF_DEBUG_H

#include <elfutils/libdw.h>
#include <glib.h>

#include "base/cleanup.h"
#include "elf/object.h"

struct debug {
	Dwarf *dwarf;
	Elf *elf;
	GByteArray *image; /* what libelf reads */
};

/* Keeps no reference to the object.  KLATCH_INPUT if it has no debug information or libdw can't
 * read it. */
struct debug *debug_open(const struct object *object, GError **error);
void debug_free(struct debug *debug);
DEFINE_AUTO(debug, debug_free)

#endif
