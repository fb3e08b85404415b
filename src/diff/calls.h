/*
 * Whether two compiles of one source made the same functions of it, each with the same calls: so
 * that what was inlined into what, dropped, split or cloned is the same in both.
 */
#ifndef KLATCH_DIFF_CALLS_H
#define KLATCH_DIFF_CALLS_H

#include <glib.h>

#include "elf/object.h"

/*
 * Compares the stock object (objtool run) with the original, which is compiled with one section a
 * function and has long jumps at jump labels.  What is learnt of one then holds for the other.
 * KLATCH_REFUSED naming the first function, in order of names, whose calls differ.
 */
gboolean calls_compare(const struct object *stock, const struct object *original, guint series,
		       GError **error);

#endif
