/*
 * The include index as a file: what includes.c reads.  For this room.
 *
 *	klatch includes 1
 *	file TAB path				a file with an #include; numbered from 0
 *	name TAB quoted TAB files TAB files	a name in an #include with its opening quote; the
 *						files that have it beside them, and those that
 *						search for it by -I
 *
 * Files are listed by number, each as the difference to the one before, in decimal with spaces.
 */
#ifndef KLATCH_TREE_INCLUDE_INDEX_H
#define KLATCH_TREE_INCLUDE_INDEX_H

#include <glib.h>

#define INCLUDE_INDEX_FORMAT "klatch includes 1"

/* The path of a name below a directory, "." and ".." resolved.  Both trees' roots are "".  Caller
 * frees. */
char *include_resolve(const char *directory, const char *name);

/* The directory of a path, "" for the root.  Caller frees. */
char *include_directory(const char *path);

#endif
