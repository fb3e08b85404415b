/*
 * Patch files: which files one names, read before patch(1) may write anything.  The hunks are read
 * only to be skipped and to know that they are whole; applying them is patch(1)'s work.
 *
 * Format: POSIX diff -u, and git's extended headers (git-diff(1), "generating patch text").
 */
#ifndef KLATCH_TREE_PATCH_H
#define KLATCH_TREE_PATCH_H

#include <glib.h>

/* One "--- / +++" pair.  Paths are below the tree, the first component taken off; `original` is
 * NULL for a file that is added, `patched` for one that is deleted. */
struct patch_file {
	char *original;
	char *patched;
	guint hunks;
};

/*
 * The files of a patch, of struct patch_file, owned, in order.  path: for messages.  KLATCH_INPUT
 * if it is no unified diff, is cut short, or names a path outside of the tree; KLATCH_REFUSED for
 * what can't be made live anyway: binary changes, renames and copies.
 */
GPtrArray *patch_read(const char *text, gsize size, const char *path, GError **error);

#endif
