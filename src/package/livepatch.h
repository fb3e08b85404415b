/*
 * What a livepatch's file says of itself.
 */
#ifndef KLATCH_PACKAGE_LIVEPATCH_H
#define KLATCH_PACKAGE_LIVEPATCH_H

#include <glib.h>

#include "base/cleanup.h"
#include "check/tables.h"
#include "elf/object.h"

struct package_livepatch {
	char *name;    /* of the module: letters, digits, '-' and '_' */
	char *release; /* of the kernel that it is for: likewise, and '.', '+', '~' */
	char *version, *klatch, *compiler; /* NULL: it does not say */
	GPtrArray *cves, *sources;	   /* of char *, owned */
	gboolean is_signed;
	GBytes *bytes; /* the file */
	struct object *object;
	struct tables *tables;
};

/* KLATCH_INPUT if a file is no livepatch of klatch's. */
struct package_livepatch *package_livepatch(const char *path, GError **error);
void package_livepatch_free(struct package_livepatch *livepatch);
DEFINE_AUTO(package_livepatch, package_livepatch_free)

#endif
