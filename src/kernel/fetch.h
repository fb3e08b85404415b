/*
 * The archive, through apt.  For this room.
 */
#ifndef KLATCH_KERNEL_FETCH_H
#define KLATCH_KERNEL_FETCH_H

#include <glib.h>

#include "base/process.h"

/* Every version of packages that apt knows: array of struct deb without path, owned.  names: a
 * NULL-terminated list.  configuration: a file for apt instead of the machine's (suite.h), or
 * NULL. */
GPtrArray *fetch_offers(const char *const *names, const char *configuration, GError **error);

/* Fetches packages (of struct deb) into a directory, whose lock is held: all or none. */
gboolean fetch_packages(const GPtrArray *debs, const char *directory, const char *configuration,
			GError **error);

/* Runs apt-cache, apt-get or apt-config to its end, speaking English.  As process_check(). */
gboolean fetch_apt(const char *const *argv, const char *configuration, const char *directory,
		   const char *what, struct process_result *result, GError **error);

#endif
