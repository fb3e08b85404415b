/*
 * Makes an object of one unit plain to compare and to take apart.
 */
#ifndef KLATCH_DIFF_SPLIT_H
#define KLATCH_DIFF_SPLIT_H

#include <glib.h>

#include "elf/object.h"

/*
 * Afterwards every function and every named variable has a section of its own (of the same name as
 * the one it was in), also where the source put several in one section (.sched.text, .init.text,
 * .data..read_mostly, __dyndbg); a branch from one to another is a relocation; and a relocation
 * against a section symbol that means a variable or the entry of a function names it.
 *
 * Stays against a section symbol: what means the inside of a function (objtool takes a jump to a
 * named function for a call), anonymous data, and everything in sections that objtool reads.
 */
void split_object(struct object *object, guint series);

#endif
