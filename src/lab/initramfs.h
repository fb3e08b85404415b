/*
 * The virtual machine's first and only file system: a cpio archive.  Not compressed: unpacking
 * costs more under emulation than reading does.
 */
#ifndef KLATCH_LAB_INITRAMFS_H
#define KLATCH_LAB_INITRAMFS_H

#include <glib.h>

#include "base/cleanup.h"

struct initramfs;

/* Begins an archive in a file.  KLATCH_ENVIRONMENT if it can't be written; so with the others. */
struct initramfs *initramfs_new(const char *path, GError **error);

/* A directory; parents come before their children. */
gboolean initramfs_add_directory(struct initramfs *initramfs, const char *path, GError **error);

/* A file that may be run. */
gboolean initramfs_add_file(struct initramfs *initramfs, const char *path, GBytes *content,
			    GError **error);

/* A symbolic link. */
gboolean initramfs_add_link(struct initramfs *initramfs, const char *path, const char *target,
			    GError **error);

/* Ends the archive; nothing can be added any more. */
gboolean initramfs_finish(struct initramfs *initramfs, GError **error);

void initramfs_free(struct initramfs *initramfs);
DEFINE_AUTO(initramfs, initramfs_free)

#endif
