/*
 * The Debian packages of one kernel: fetched by apt-get download into the cache or taken from a
 * directory, checked to be of exactly one version, unpacked with libarchive.
 */
#ifndef KLATCH_KERNEL_PACKAGES_H
#define KLATCH_KERNEL_PACKAGES_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"

struct packages {
	char *release;
	char *version; /* of all of them */
	char *image;   /* paths of the .deb files */
	char *binary;  /* vmlinuz and modules where they are in packages of their own (7.2 on), */
	char *modules; /* else NULL */
	char *headers; /* from here on NULL if only the image is wanted */
	char *headers_common;
	char *kbuild; /* NULL if the archive no longer has that version: nothing needs it */
	char *source;
};

struct packages_wish {
	const char *release;
	const char *directory; /* where to take them from; NULL: the cache and apt */
	const char *suite;     /* what apt looks in; NULL: what the machine is configured for */
	gboolean image_only;   /* the image and the modules, to look at but not to build for */
};

/*
 * Finds or fetches the packages of a kernel release.  KLATCH_ENVIRONMENT if one can't be had (with
 * apt's own words), KLATCH_INPUT naming both if two versions differ.
 */
struct packages *packages_get(const struct packages_wish *wish, struct progress *progress,
			      GError **error);
void packages_free(struct packages *packages);
DEFINE_AUTO(packages, packages_free)

/*
 * The linux-source package of a series (struct kernel), in the cache or fetched into it: of a
 * version, or the newest that apt or the cache has (*version NULL; it is set, and the caller frees
 * it).  Returns its path; caller frees.
 */
char *packages_source(guint series, char **version, struct progress *progress, GError **error);

/*
 * Unpacks a .deb below a directory.  Only members whose path begins with one of the prefixes (a
 * NULL-terminated list; NULL for all).  Nothing is written outside of `directory`, whatever the
 * package says.
 */
gboolean packages_unpack(const char *deb, const char *directory, const char *const *prefixes,
			 GError **error);

/* Unpacks a tarball (any compression libarchive reads), leaving out the first path component. */
gboolean packages_unpack_tarball(const char *tarball, const char *directory,
				 struct progress *progress, GError **error);

#endif
