/*
 * From a changed header to the units that can see the change: by the names that it gives a meaning,
 * followed through macros, inline functions and types of all headers that include it.
 *
 * The include graph alone leads from a central header to the whole kernel.  A name that can't be
 * followed (the change of an #include, say, or of what a macro defines at file scope) leads to all
 * units of the graph, as without this.
 */
#ifndef KLATCH_TREE_NARROW_H
#define KLATCH_TREE_NARROW_H

#include <glib.h>

#include "kernel/kernel.h"
#include "tree/lines.h"
#include "tree/overlay.h"

/* A text and its lines. */
struct narrow_text {
	const char *text;
	gsize size;
	const GArray *lines; /* of struct line */
};

/*
 * The names that statements with code on changed lines may define, as a set (GHashTable of char *,
 * owned).  NULL if that can't be told.
 */
GHashTable *narrow_changed_names(const struct narrow_text *original,
				 const struct narrow_text *patched, const GArray *runs);

/*
 * The units of `units` whose source uses one of the names, or one that these lead to.
 * files: the paths of all files that include the header, directly or not, itself included; headers
 * that lie beside the units are read as well.
 * emitting: a set (of char *, owned) that gets the paths of those headers of which a definition has
 * to do with the names that each unit that includes it has, though it names nothing of that: a
 * function that is neither static nor inline, say.
 * NULL if the names can't be followed: then any of the units may.
 */
GPtrArray *narrow_units(const struct kernel *kernel, const struct overlay *overlay,
			GHashTable *names, const GPtrArray *files, const GPtrArray *units,
			GHashTable *emitting);

#endif
