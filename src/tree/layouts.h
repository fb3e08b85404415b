/*
 * Layouts: objects that are there when a livepatch is loaded keep the layout that they were made
 * with.  What a patch does to a struct without need (members.h) is undone, and locks that it adds
 * become shadow variables (locks.h), so that the struct is as it was, and its objects with it.
 */
#ifndef KLATCH_TREE_LAYOUTS_H
#define KLATCH_TREE_LAYOUTS_H

#include <glib.h>

#include "base/cleanup.h"

/* What is known of the patched files of a tree. */
struct layouts {
	GHashTable *files; /* path -> struct layouts_file, both owned */
};

struct layouts *layouts_new(void);
void layouts_free(struct layouts *layouts);
DEFINE_AUTO(layouts, layouts_free)

/*
 * Of files (a set of char *, below both trees) that are in a source tree and, patched, in another:
 * writes those anew where a struct can be kept.  The files of calls before count as uses of members
 * until they are forgotten.
 */
gboolean layouts_keep(struct layouts *layouts, const char *source, const char *patched,
		      GHashTable *paths, GError **error);

void layouts_forget(struct layouts *layouts, const char *path);

/* What was kept, in the order of the paths: of char *, owned; caller unrefs. */
GPtrArray *layouts_notes(const struct layouts *layouts);

#endif
