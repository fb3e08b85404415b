/*
 * Tools that make no code of the kernel's C units, yet are asked for their versions when the kernel
 * is configured: the versions are part of the configuration, and with it of the layout of some
 * structures.  What is installed here must not matter, so make is told of stand-ins that say what
 * the configuration says.  For this room.
 */
#ifndef KLATCH_TREE_TOOLS_H
#define KLATCH_TREE_TOOLS_H

#include <glib.h>

/* Writes the stand-ins for a configuration (the text of a .config) into an output tree. */
gboolean tools_write(const char *build, const char *config, GError **error);

/* Calls `each` with make's variable for each tool and the stand-in, as a path from the output tree.
 */
void tools_foreach(void (*each)(gpointer data, const char *variable, const char *path),
		   gpointer data);

#endif
