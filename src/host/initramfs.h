/*
 * The modules in an initramfs: a boot takes them from there, whatever is installed by then.
 */
#ifndef KLATCH_HOST_INITRAMFS_H
#define KLATCH_HOST_INITRAMFS_H

#include <glib.h>

/*
 * Reads those of some modules ("usb_storage") that an initramfs has.  Returns a table of their
 * names and files (GBytes, unpacked), owned.  KLATCH_INPUT if it can't be read.
 */
GHashTable *initramfs_modules(GBytes *initramfs, const char *path, const GPtrArray *names,
			      GError **error);

#endif
