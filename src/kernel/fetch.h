/*
 * The archive, through apt.  For this room.
 */
#ifndef KLATCH_KERNEL_FETCH_H
#define KLATCH_KERNEL_FETCH_H

#include <glib.h>

/* Every version of packages that apt knows: array of struct deb without path, owned.  names: a
 * NULL-terminated list. */
GPtrArray *fetch_offers(const char *const *names, GError **error);

/* Fetches packages (of struct deb) into a directory, whose lock is held: all or none. */
gboolean fetch_packages(const GPtrArray *debs, const char *directory, GError **error);

#endif
