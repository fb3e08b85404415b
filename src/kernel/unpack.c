/*
 * Compressed streams, as libarchive's "raw" format sees them.
 */
#include <archive.h>
#include <archive_entry.h>

#include "base/error.h"
#include "kernel/unpack.h"

#define STEP (1024 * 1024)

typedef struct archive archive_reader;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(archive_reader, archive_read_free)

static void fail(GError **error, const char *path, const char *why)
{
	klatch_fail(error, KLATCH_INPUT, "it can't be unpacked", path, NULL, "%s", why);
}

/* Filters by name, not all of them: some of libarchive's start a program. */
static gboolean open_stream(archive_reader *archive, const void *data, gsize size)
{
	struct archive_entry *entry;

	return !archive_read_support_format_raw(archive) &&
	       !archive_read_support_filter_xz(archive) &&
	       !archive_read_support_filter_lzma(archive) &&
	       !archive_read_support_filter_zstd(archive) &&
	       !archive_read_support_filter_gzip(archive) &&
	       !archive_read_support_filter_lz4(archive) &&
	       !archive_read_support_filter_bzip2(archive) &&
	       !archive_read_open_memory(archive, data, size) &&
	       !archive_read_next_header(archive, &entry);
}

GBytes *unpack_stream(const void *data, gsize size, gsize limit, const char *path, GError **error)
{
	g_autoptr(archive_reader) archive = archive_read_new();
	g_autoptr(GByteArray) content = g_byte_array_new();
	gsize length = 0;
	la_ssize_t got;

	if (!open_stream(archive, data, size)) {
		fail(error, path, archive_error_string(archive));
		return NULL;
	}
	if (archive_filter_code(archive, 0) == ARCHIVE_FILTER_NONE) {
		fail(error, path, "it is not compressed in a way that is known here");
		return NULL;
	}
	do {
		g_byte_array_set_size(content, length + STEP);
		got = archive_read_data(archive, content->data + length, STEP);
		if (got < 0 || length + (gsize)got > limit) {
			fail(error, path,
			     got < 0 ? archive_error_string(archive)
				     : "it holds more than it says");
			return NULL;
		}
		length += (gsize)got;
	} while (got > 0);
	g_byte_array_set_size(content, length);
	return g_byte_array_free_to_bytes(g_steal_pointer(&content));
}
