/*
 * Names for people.
 */
#ifndef KLATCH_BASE_NAMES_H
#define KLATCH_BASE_NAMES_H

#include <glib.h>

/* "a, b and 3 more": the first `most` of an array of char *.  Caller frees. */
char *names_list(const GPtrArray *names, guint most);

#endif
