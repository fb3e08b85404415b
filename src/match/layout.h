/*
 * Lays a module out as the kernel's loader would, at addresses of our own.
 */
#ifndef KLATCH_MATCH_LAYOUT_H
#define KLATCH_MATCH_LAYOUT_H

#include <glib.h>

#include "elf/object.h"

/*
 * Gives each SHF_ALLOC section an address (section->address), each undefined symbol one that is
 * far from all others, and applies the relocations to the sections' bytes.  Returns the address of
 * each symbol, by its index; caller frees.  KLATCH_INPUT if the module is too large, or holds a
 * relocation that the kernel's loader would refuse.
 */
guint64 *layout_module(struct object *module, GError **error);

#endif
