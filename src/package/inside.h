/*
 * The texts of a package.  For this room.
 */
#ifndef KLATCH_PACKAGE_INSIDE_H
#define KLATCH_PACKAGE_INSIDE_H

#include "package/package.h"

/* What Debian calls the architecture that livepatches are for. */
#define PACKAGE_ARCHITECTURE "amd64"

/* DEBIAN/control; size: of the installed files.  Caller frees. */
char *package_control(const struct package *package, gsize size);

/* A maintainer script of src/package/NAME.sh for this package.  Caller frees. */
char *package_script(const struct package *package, const char *name);

/* The file of JSON, and the file that says under which terms this may be copied.  Caller frees. */
char *package_metadata(const struct package *package);
char *package_copyright(const struct package *package);

#endif
