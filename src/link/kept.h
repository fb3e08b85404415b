/*
 * What of a livepatch the kernel may keep the address of when the livepatch has ended.
 */
#ifndef KLATCH_LINK_KEPT_H
#define KLATCH_LINK_KEPT_H

#include <glib.h>

#include "elf/object.h"

/*
 * The functions that came along and tables of functions whose address the livepatch's code can hand
 * to the kernel: their names in alphabetical order, each once, owned; "string-of-FUNCTION" for the
 * strings of a function.  Of a livepatch in the making or a finished one; the kernel side (late/)
 * is left out.
 */
GPtrArray *kept_find(const struct object *livepatch, guint series);

/* "WHAT stays in memory: the kernel may keep ...".  Caller frees. */
char *kept_describe(const char *what, const GPtrArray *kept);

#endif
