/*
 * Two trees compared: which files differ.  For this room.
 */
#ifndef KLATCH_RELEASE_TREES_H
#define KLATCH_RELEASE_TREES_H

#include <glib.h>

#include "base/progress.h"

/* The regular files that differ, that are new or gone: array of struct changed_file * (changes.h),
 * owned, sorted by path; `built` is not set.  Symbolic links are passed by. */
GPtrArray *trees_compare(const char *original, const char *patched, struct progress *progress,
			 GError **error);

#endif
