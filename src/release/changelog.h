/*
 * Debian's changelog of the kernel: what was done between two package versions.
 */
#ifndef KLATCH_RELEASE_CHANGELOG_H
#define KLATCH_RELEASE_CHANGELOG_H

#include <glib.h>

#include "base/cleanup.h"

struct changelog_entry {
	char *subject;	   /* of one line, without what stands below */
	char *version;	   /* the package version that it came with */
	GPtrArray *cves;   /* of char *, owned: "CVE-2026-98245" */
	GPtrArray *bugs;   /* of char *, owned: numbers in Debian's bug tracker, "1154101" */
	char *where;	   /* "x86" of "[x86] subject"; NULL if it is for every architecture */
	gboolean upstream; /* of the stable update, else Debian's own */
};

struct changelog {
	GPtrArray *entries; /* of struct changelog_entry *, owned, in order of the text */
};

/*
 * The entries of all versions newer than `from`, up to `to`.  path: for messages.  KLATCH_INPUT if
 * the text is no changelog or has not both versions.
 */
struct changelog *changelog_parse(const char *text, gsize size, const char *from, const char *to,
				  const char *path, GError **error);

/* The same out of a linux-source package (a .deb). */
struct changelog *changelog_of_package(const char *deb, const char *from, const char *to,
				       GError **error);

void changelog_free(struct changelog *changelog);
DEFINE_AUTO(changelog, changelog_free)

#endif
