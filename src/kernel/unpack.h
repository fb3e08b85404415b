/*
 * libarchive as this room uses it: one compressed stream in memory, tar archives, by themselves or
 * within a .deb, and cpio archives.  All errors are KLATCH_INPUT and name the path.
 */
#ifndef KLATCH_KERNEL_UNPACK_H
#define KLATCH_KERNEL_UNPACK_H

#include <archive.h>
#include <glib.h>

typedef struct archive archive_reader;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(archive_reader, archive_read_free)

/*
 * Unpacks xz, zstd, gzip, lz4, lzma or bzip2.  Fails if it is none of them, is damaged, or holds
 * more than `limit` bytes.  Caller unrefs.
 */
GBytes *unpack_stream(const void *data, gsize size, gsize limit, const char *path, GError **error);

/* Opens a tarball for reading its entries, or the member of a .deb whose name begins with `member`
 * ("control.tar", "data.tar").  Caller frees. */
archive_reader *unpack_open_tarball(const char *path, GError **error);
archive_reader *unpack_open_deb(const char *path, const char *member, GError **error);

/* Opens a cpio archive in memory, compressed or not.  The data must outlive it.  Caller frees. */
archive_reader *unpack_open_cpio(const void *data, gsize size, const char *path, GError **error);

/* Hands up what libarchive says of its last call. */
void unpack_fail(GError **error, const char *path, archive_reader *archive);

#endif
