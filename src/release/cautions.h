/*
 * What a livepatch author should think of: where a patch relies on what older objects do not have.
 * A change of a release is refused for it; who makes a patch may know better.
 */
#ifndef KLATCH_RELEASE_CAUTIONS_H
#define KLATCH_RELEASE_CAUTIONS_H

#include <glib.h>

/*
 * Of files (of struct patched_file *, tree/overlay.h) that lie below two trees: "file: sentence",
 * of char *, owned; caller unrefs.  NULL if a file can't be read or compared.
 */
GPtrArray *cautions_of(const GPtrArray *files, const char *original, const char *patched,
		       GError **error);

#endif
