/*
 * One compressed stream in memory to its content, by libarchive.  For this room: kernel images and
 * modules.
 */
#ifndef KLATCH_KERNEL_UNPACK_H
#define KLATCH_KERNEL_UNPACK_H

#include <glib.h>

/*
 * Unpacks xz, zstd, gzip, lz4, lzma or bzip2.  KLATCH_INPUT naming `path` if it is none of them, is
 * damaged, or holds more than `limit` bytes.  Caller unrefs.
 */
GBytes *unpack_stream(const void *data, gsize size, gsize limit, const char *path, GError **error);

#endif
