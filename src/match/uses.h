/*
 * Who may use a function of vmlinux: all places of the shipped image whose bytes may lead to it.
 */
#ifndef KLATCH_MATCH_USES_H
#define KLATCH_MATCH_USES_H

#include <glib.h>

#include "match/image.h"

struct image_use {
	guint64 place;
	gboolean taken; /* more than a jump or call: its address is there, or is taken there */
};

/*
 * Every four bytes, at any offset of any section, that may lead to the address of a function: those
 * that hold its lower half (as an immediate or a pointer does), or its distance (as a relative
 * pointer does, and in code what follows the opcode of a jump or call, or says "relative to the
 * next instruction").  More than really do, never fewer; but a short jump, which leads to another
 * function of the same unit at most, is not looked for.
 *
 * Not there are tables of places in code, which say nothing of who calls what begins there; exports
 * (kernel/exports.h and modules_importing() know their users); jumps and calls of code that has run
 * already.  Array of struct image_use by rising place; caller unrefs.
 */
GArray *image_uses(const struct image *image, guint64 address);

#endif
