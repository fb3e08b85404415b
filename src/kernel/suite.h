/*
 * Another suite of the distribution, through an apt configuration of our own: the machine's
 * sources, lists and cache are not touched.  For this room.
 */
#ifndef KLATCH_KERNEL_SUITE_H
#define KLATCH_KERNEL_SUITE_H

#include <glib.h>

/*
 * Makes (anew) a configuration in <cache>/apt/SUITE and fetches the suite's index, with the lock of
 * the packages held.  The mirror is the one that the machine's own sources name, the keyring the
 * distribution's, as installed.  Returns the path for fetch.h; caller frees.
 */
char *suite_configure(const char *suite, GError **error);

/* Which archive a suite is in, by the label that apt gives it: "Debian-Security", or "Debian".
 * Static. */
const char *suite_label(const char *suite);

/* The mirror of an archive out of apt's "LABEL|URI" lines, or NULL.  Caller frees. */
char *suite_mirror(const char *targets, const char *label);

#endif
