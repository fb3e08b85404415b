/*
 * The cache shared by several klatch at once: locks, and what a process that died left behind.
 * For this room and for `klatch kernel`.
 */
#ifndef KLATCH_KERNEL_CACHE_H
#define KLATCH_KERNEL_CACHE_H

#include <glib.h>

/*
 * Waits for a lock of the cache ("packages", "sources", or a release) and takes it, for one holder
 * or, shared, for many.  Returns a descriptor that holds it until it is closed or the process
 * ends; -1 with error.
 */
int cache_lock(const char *name, gboolean shared, GError **error);

/* As cache_lock(), for one holder, but returns -1 without error if it is taken. */
int cache_try_lock(const char *name, GError **error);

/*
 * The path of a directory to work in before it is renamed: <base>.partial-<process>.  First removes
 * those that others left; so the caller holds the lock that covers `base`.  Caller frees.
 */
char *cache_partial(const char *base, GError **error);

#endif
