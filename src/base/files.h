/*
 * Files: read whole, written aside and renamed, trees removed.  All errors are KLATCH_ENVIRONMENT
 * and name the path.
 */
#ifndef KLATCH_BASE_FILES_H
#define KLATCH_BASE_FILES_H

#include <glib.h>

/* Maps a whole file read-only (an empty one gives empty bytes).  NULL on error.  Caller unrefs. */
GBytes *files_map(const char *path, GError **error);

/* Reads a whole text file, NUL-terminated.  NULL on error.  Caller frees. */
char *files_read_text(const char *path, GError **error);

/*
 * Writes a file aside in the same directory, flushes it, and renames it into place, so that `path`
 * is either what it was or whole.  Permissions 0644 less the umask.
 */
gboolean files_write(const char *path, const void *data, gsize size, GError **error);

/* Creates a directory and its parents (0755 less the umask); fine if it exists. */
gboolean files_make_directory(const char *path, GError **error);

/* Removes a file or a whole tree; follows no symbolic link; fine if it does not exist. */
gboolean files_remove_tree(const char *path, GError **error);

/* A fresh directory below $TMPDIR (or /tmp), removed by the caller.  Caller frees the path. */
char *files_temporary_directory(GError **error);

#endif
