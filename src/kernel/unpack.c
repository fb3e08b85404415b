/*
 * Reading of archives.  Filters and formats are enabled by name, not all of them: some of
 * libarchive's start a program, and none but these are used for kernels and packages.
 */
#include <archive_entry.h>

#include "base/error.h"
#include "kernel/unpack.h"

#define STEP ((gsize)1 << 20)

static void fail(GError **error, const char *path, const char *why)
{
	klatch_fail(error, KLATCH_INPUT, "it can't be unpacked", path, NULL, "%s", why);
}

void unpack_fail(GError **error, const char *path, archive_reader *archive)
{
	const char *why = archive_error_string(archive);

	fail(error, path, why ? why : "the archive is damaged");
}

static void support_filters(archive_reader *archive)
{
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_lzma(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_filter_bzip2(archive);
}

static gboolean open_stream(archive_reader *archive, const void *data, gsize size)
{
	struct archive_entry *entry;

	support_filters(archive);
	archive_read_support_format_raw(archive);
	return !archive_read_open_memory(archive, data, size) &&
	       !archive_read_next_header(archive, &entry);
}

GBytes *unpack_stream(const void *data, gsize size, gsize limit, const char *path, GError **error)
{
	g_autoptr(archive_reader) archive = archive_read_new();
	g_autoptr(GByteArray) content = g_byte_array_new();
	gsize length = 0;
	la_ssize_t got;

	if (!open_stream(archive, data, size)) {
		unpack_fail(error, path, archive);
		return NULL;
	}
	if (archive_filter_code(archive, 0) == ARCHIVE_FILTER_NONE) {
		fail(error, path, "it is not compressed in a way that is known here");
		return NULL;
	}
	do {
		g_byte_array_set_size(content, (guint)(length + STEP));
		got = archive_read_data(archive, content->data + length, STEP);
		if (got < 0) {
			unpack_fail(error, path, archive);
			return NULL;
		}
		length += (gsize)got;
		if (length > limit) {
			fail(error, path, "it holds more than it should");
			return NULL;
		}
	} while (got > 0);
	g_byte_array_set_size(content, (guint)length);
	return g_byte_array_free_to_bytes(g_steal_pointer(&content));
}

archive_reader *unpack_open_tarball(const char *path, GError **error)
{
	g_autoptr(archive_reader) archive = archive_read_new();

	support_filters(archive);
	archive_read_support_format_tar(archive);
	if (archive_read_open_filename(archive, path, STEP)) {
		unpack_fail(error, path, archive);
		return NULL;
	}
	return g_steal_pointer(&archive);
}

archive_reader *unpack_open_cpio(const void *data, gsize size, const char *path, GError **error)
{
	g_autoptr(archive_reader) archive = archive_read_new();

	support_filters(archive);
	archive_read_support_format_cpio(archive);
	if (archive_read_open_memory(archive, data, size)) {
		unpack_fail(error, path, archive);
		return NULL;
	}
	return g_steal_pointer(&archive);
}

/* A .deb is an ar archive of tarballs: the callbacks read the outer for the inner. */
static la_ssize_t read_outer(archive_reader *inner, void *outer, const void **data)
{
	la_int64_t offset;
	size_t size;
	int status = archive_read_data_block(outer, data, &size, &offset);

	if (status == ARCHIVE_EOF)
		return 0;
	if (status == ARCHIVE_OK)
		return (la_ssize_t)size;
	archive_set_error(inner, archive_errno(outer), "%s", archive_error_string(outer));
	return -1;
}

static int close_outer(archive_reader *inner, void *outer)
{
	return archive_read_free(outer);
}

/* Moves to the content of the first member whose name begins so. */
static gboolean find_member(archive_reader *archive, const char *path, const char *member,
			    GError **error)
{
	struct archive_entry *entry;
	int status;

	while (!(status = archive_read_next_header(archive, &entry))) {
		const char *name = archive_entry_pathname(entry);

		if (name && g_str_has_prefix(name, member))
			return TRUE;
	}
	if (status == ARCHIVE_EOF)
		fail(error, path, "it is not a Debian package");
	else
		unpack_fail(error, path, archive);
	return FALSE;
}

archive_reader *unpack_open_deb(const char *path, const char *member, GError **error)
{
	g_autoptr(archive_reader) outer = archive_read_new();
	g_autoptr(archive_reader) inner = archive_read_new();

	archive_read_support_format_ar(outer);
	if (archive_read_open_filename(outer, path, STEP)) {
		unpack_fail(error, path, outer);
		return NULL;
	}
	if (!find_member(outer, path, member, error))
		return NULL;
	support_filters(inner);
	archive_read_support_format_tar(inner);
	/* From here on, also if opening fails, closing the inner one frees the outer. */
	if (archive_read_open(inner, g_steal_pointer(&outer), NULL, read_outer, close_outer)) {
		unpack_fail(error, path, inner);
		return NULL;
	}
	return g_steal_pointer(&inner);
}
