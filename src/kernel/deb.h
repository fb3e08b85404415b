/*
 * What a Debian package says of itself.  For this room.
 */
#ifndef KLATCH_KERNEL_DEB_H
#define KLATCH_KERNEL_DEB_H

#include <glib.h>

#include "base/cleanup.h"

struct deb {
	char *name;
	char *version;
	char *path; /* NULL: not here, but the archive has it */
};

/* Every .deb in a directory, in order of file names: array of struct deb, owned; empty if there is
 * no such directory. */
GPtrArray *deb_scan(const char *directory, GError **error);

/* Reads name and version out of the control file of a .deb. */
struct deb *deb_read(const char *path, GError **error);
struct deb *deb_new(const char *name, const char *version, const char *path);
void deb_free(struct deb *deb);
DEFINE_AUTO(deb, deb_free)

#endif
