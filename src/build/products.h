/*
 * What a build writes: one livepatch to a file, or several files to a directory.  All or nothing.
 */
#ifndef KLATCH_BUILD_PRODUCTS_H
#define KLATCH_BUILD_PRODUCTS_H

#include <glib.h>

enum product_kind {
	PRODUCT_LIVEPATCH,
	PRODUCT_FIXED, /* a fixed module */
	PRODUCT_GLUE,  /* lines for modprobe */
};

/* A file that is made and lies in the workspace, until it is written. */
struct product {
	enum product_kind kind;
	char *object; /* a fixed module, or the only object of a livepatch; NULL for a livepatch of
			 all that the patches change, and for glue */
	char *name;   /* below the output directory: "fix.ko", "updates/tun.ko" */
	char *path;   /* where it lies, then where it was written */
};

GPtrArray *products_new(void); /* of struct product, owned */
/* Takes path. */
void products_add(GPtrArray *products, enum product_kind kind, const char *object, const char *name,
		  char *path);

/* KLATCH_USAGE if a directory can't be written because something is there already. */
gboolean products_check_directory(const char *output, GError **error);

/*
 * Writes the only product to the file `output`, or all to the directory `output`, which must not be
 * there or be empty.
 */
gboolean products_write_file(const GPtrArray *products, const char *output, GError **error);
gboolean products_write_directory(const GPtrArray *products, const char *output, GError **error);

#endif
