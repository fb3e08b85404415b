/*
 * A Debian package of livepatches for one kernel release.
 *
 * It keeps them among the modules of that kernel, as klatch install does; its scripts have klatch
 * load them where that kernel runs, take the place of those of an earlier version, and unload them
 * when it goes.  What the livepatches are is in its control fields, and in a file of JSON.
 */
#ifndef KLATCH_PACKAGE_PACKAGE_H
#define KLATCH_PACKAGE_PACKAGE_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include "base/cleanup.h"
#include "package/livepatch.h"

struct package_wish {
	const char *const *files; /* the livepatches, in order of loading, NULL-terminated */
	const char *name;	  /* behind klatch-livepatch-RELEASE; NULL: nothing */
	const char *version;	  /* NULL: by the date */
	const char *maintainer;	  /* "NAME <ADDRESS>" */
	int phased;		  /* the share of machines that are to get it; -1: all */
	gint64 date;		  /* seconds; -1: that of the newest file */
};

struct package {
	char *name, *version, *maintainer;
	const char *release; /* the kernel's; borrowed from the first livepatch */
	int phased;
	gint64 date;
	GPtrArray *livepatches; /* of struct package_livepatch, owned */
};

/*
 * Reads the livepatches.  KLATCH_REFUSED if they can't be in one package: for several releases, of
 * one name, or one that takes the place of the others.
 */
struct package *package_new(const struct package_wish *wish, GError **error);
void package_free(struct package *package);
DEFINE_AUTO(package, package_free)

/* "NAME_VERSION_ARCHITECTURE.deb".  Caller frees. */
char *package_file_name(const struct package *package);

/* Adds what the file of JSON has as members of an object. */
void package_json(const struct package *package, JsonBuilder *builder);

/*
 * Makes the package and writes it to `output`.  The same livepatches, options and date give the
 * same bytes.  directory: an empty one to work in.
 */
gboolean package_write(const struct package *package, const char *directory, const char *output,
		       GError **error);

#endif
