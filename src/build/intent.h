/*
 * What the author of a patch says does not matter (--skip-data), for all units of a build.
 */
#ifndef KLATCH_BUILD_INTENT_H
#define KLATCH_BUILD_INTENT_H

#include <glib.h>

/* A name is "SYMBOL" or "SOURCE:SYMBOL".  The symbols that the names may mean in a source; caller
 * frees.  names may be NULL. */
char **intent_symbols(const char *const *names, const char *source);

/*
 * KLATCH_USAGE if a name means none of the data that can be skipped ("SOURCE:SYMBOL" each), or
 * several: the error names them.
 */
gboolean intent_check(const char *const *names, const GPtrArray *data, GError **error);

#endif
