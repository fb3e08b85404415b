/*
 * The include index: which units may include a header, read from the source without looking at
 * conditionals (so that nothing is missed).
 */
#ifndef KLATCH_TREE_INCLUDES_H
#define KLATCH_TREE_INCLUDES_H

#include <glib.h>

#include "base/cleanup.h"
#include "kernel/kernel.h"
#include "tree/commands.h"

struct includes;

gboolean includes_make(const char *source, const char *build, const char *path, GError **error);
/* As the index `former`, with the files of one more directory, `name` in a source tree. */
gboolean includes_make_external(const char *former, const char *source, const char *name,
				const char *path, GError **error);
struct includes *includes_open(const struct kernel *kernel, GError **error);
void includes_free(struct includes *includes);
DEFINE_AUTO(includes, includes_free)

/* The units whose source may include a file, directly or not.  Array of borrowed struct unit *,
 * in order of the database; caller unrefs.  files (NULL: not wanted) gets the paths of it and of
 * all files through which others may include it; the caller frees them. */
GPtrArray *includes_units(const struct includes *includes, const struct commands *commands,
			  const char *header, GPtrArray *files);

#endif
