/*
 * What a build writes: one livepatch to a file, or several files to a directory.  All or nothing.
 */
#ifndef KLATCH_CMD_PRODUCTS_H
#define KLATCH_CMD_PRODUCTS_H

#include <glib.h>

/* A file that is made and lies in the workspace. */
struct product {
	char *name; /* below the output directory: "fix.ko", "updates/tun.ko" */
	char *path;
	gboolean livepatch;
};

GPtrArray *products_new(void); /* of struct product, owned */
/* Takes path. */
void products_add(GPtrArray *products, const char *name, char *path, gboolean livepatch);

/* KLATCH_USAGE if a directory can't be written because something is there already. */
gboolean products_check_directory(const char *output, GError **error);

/*
 * Writes the only product to the file `output`, or all to the directory `output`, which must not be
 * there or be empty.  Appends the paths to `files` (of char *).
 */
gboolean products_write_file(const GPtrArray *products, const char *output, GPtrArray *files,
			     GError **error);
gboolean products_write_directory(const GPtrArray *products, const char *output, GPtrArray *files,
				  GError **error);

#endif
