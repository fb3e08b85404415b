/*
 * Livepatches that are kept for the next boots of one kernel release: <modules>/RELEASE/klatch/.
 *
 *	NAME.ko		loaded at boot, in the order in which they were installed
 *	loading		there from before the first is loaded until the machine has been well for a
 *			while, with the ID of that boot: a boot that finds another's knows that it
 *			did not get so far
 *
 * They lie among the modules because that file system is there from the first moment of a boot on,
 * and goes with the kernel.
 */
#ifndef KLATCH_HOST_INSTALLED_H
#define KLATCH_HOST_INSTALLED_H

#include <glib.h>

#include "host/host.h"

/* The names of those of a release, in order of loading.  Array of char *, owned. */
GPtrArray *installed_names(const struct host *host, const char *release);

/* The file of one.  Caller frees. */
char *installed_path(const struct host *host, const char *release, const char *name);

/*
 * Keeps a livepatch's file for the release that it is for; in place of one of its name, and if it
 * replaces all others in place of all.  Sets *name and *release (caller frees).
 */
gboolean installed_add(const struct host *host, const char *path, char **name, char **release,
		       GError **error);

/* KLATCH_REFUSED if there is none of that name.  The last one takes the directory with it. */
gboolean installed_remove(const struct host *host, const char *release, const char *name,
			  GError **error);

/* The releases that livepatches are kept for.  Array of char *, owned. */
GPtrArray *installed_releases(const struct host *host);

/* Whether the kernel's command line says klatch.disable. */
gboolean boot_is_disabled(const struct host *host);

/*
 * The lock.  It is there for a boot if another one has left it, boot_lock() leaves this boot's on
 * the disk before it returns, and boot_unlock() removes none but that: that a boot is well which
 * loaded nothing says nothing about the one before.
 */
gboolean boot_is_locked(const struct host *host, const char *release);
gboolean boot_lock(const struct host *host, const char *release, GError **error);
gboolean boot_unlock(const struct host *host, const char *release, GError **error);

#endif
