/*
 * An initramfs is a row of cpio archives with zeros between them, as microcode and the rest; each
 * may be compressed.  Nothing says where a compressed one ends; the kernel's own tools put it last.
 */
#include "host/initramfs.h"

#include <archive_entry.h>
#include <string.h>

#include "base/error.h"
#include "kernel/modules.h"
#include "kernel/unpack.h"

/* The entry that ends an archive: its header and name, filled up to four bytes. */
#define TRAILER_SIZE 124

#define MEMBER_LIMIT (256 << 20)

/* The one of the names that a file is the module of; NULL if none. */
static const char *module_of(const char *file, const GPtrArray *names)
{
	g_autofree char *base = g_path_get_basename(file);
	char *suffix = strstr(base, ".ko");

	if (!suffix || (suffix[strlen(".ko")] && suffix[strlen(".ko")] != '.'))
		return NULL;
	*suffix = '\0';
	g_strdelimit(base, "-", '_');
	for (guint i = 0; i < names->len; i++)
		if (!strcmp(names->pdata[i], base))
			return names->pdata[i];
	return NULL;
}

/* The file that the reader is at. */
static GBytes *read_member(archive_reader *reader, struct archive_entry *entry, const char *path,
			   GError **error)
{
	la_int64_t size = archive_entry_size(entry);
	g_autofree char *data = NULL;

	if (size < 0 || size > MEMBER_LIMIT) {
		klatch_fail(error, KLATCH_INPUT, "the initramfs can't be read", path, NULL,
			    "%s is too large", archive_entry_pathname(entry));
		return NULL;
	}
	data = g_malloc((gsize)size);
	if (archive_read_data(reader, data, (size_t)size) != size) {
		unpack_fail(error, path, reader);
		return NULL;
	}
	g_autoptr(GBytes) file = g_bytes_new_take(g_steal_pointer(&data), (gsize)size);
	return modules_unpack(file, path, error);
}

static gboolean read_archive(archive_reader *reader, const char *path, const GPtrArray *names,
			     GHashTable *found, GError **error)
{
	struct archive_entry *entry;
	int status;

	while (!(status = archive_read_next_header(reader, &entry))) {
		const char *file = archive_entry_pathname(entry);
		const char *name = file && archive_entry_filetype(entry) == AE_IFREG
					   ? module_of(file, names)
					   : NULL;
		GBytes *content = name ? read_member(reader, entry, path, error) : NULL;

		if (name && !content)
			return FALSE;
		if (name)
			g_hash_table_replace(found, g_strdup(name), content);
	}
	if (status == ARCHIVE_EOF)
		return TRUE;
	unpack_fail(error, path, reader);
	return FALSE;
}

GHashTable *initramfs_modules(GBytes *initramfs, const char *path, const GPtrArray *names,
			      GError **error)
{
	g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
							    (GDestroyNotify)g_bytes_unref);
	gsize size, at = 0;
	const char *data = g_bytes_get_data(initramfs, &size);
	gboolean is_plain = TRUE;

	while (is_plain && at < size) {
		if (!data[at]) {
			at++;
			continue;
		}
		g_autoptr(archive_reader) reader =
			unpack_open_cpio(data + at, size - at, path, error);
		if (!reader || !read_archive(reader, path, names, found, error))
			return NULL;
		is_plain = archive_filter_code(reader, 0) == ARCHIVE_FILTER_NONE;
		/* Where its last header is, which ends it. */
		at += (gsize)archive_read_header_position(reader) + TRAILER_SIZE;
	}
	return g_steal_pointer(&found);
}
