/*
 * The initramfs through libarchive.
 */
#include "lab/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include "base/error.h"

struct initramfs {
	struct archive *archive;
	char *path;
};

static void fail(const struct initramfs *initramfs, GError **error)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, "the initramfs can't be written", initramfs->path,
		    NULL, "%s", archive_error_string(initramfs->archive));
}

struct initramfs *initramfs_new(const char *path, GError **error)
{
	AUTO(initramfs) initramfs = g_new0(struct initramfs, 1);

	initramfs->path = g_strdup(path);
	initramfs->archive = archive_write_new();
	if (archive_write_set_format_cpio_newc(initramfs->archive) != ARCHIVE_OK ||
	    archive_write_open_filename(initramfs->archive, path) != ARCHIVE_OK) {
		fail(initramfs, error);
		return NULL;
	}
	return g_steal_pointer(&initramfs);
}

void initramfs_free(struct initramfs *initramfs)
{
	archive_write_free(initramfs->archive);
	g_free(initramfs->path);
	g_free(initramfs);
}

/* Adds an entry and frees it. */
static gboolean add(struct initramfs *initramfs, struct archive_entry *entry, const void *data,
		    gsize size, GError **error)
{
	gboolean written;

	archive_entry_set_perm(entry, 0755);
	archive_entry_set_nlink(entry, 1);
	archive_entry_set_size(entry, (la_int64_t)size);
	written = archive_write_header(initramfs->archive, entry) == ARCHIVE_OK &&
		  (!size || archive_write_data(initramfs->archive, data, size) == (la_ssize_t)size);
	archive_entry_free(entry);
	if (!written)
		fail(initramfs, error);
	return written;
}

static struct archive_entry *entry_new(const char *path, guint type)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, type);
	return entry;
}

gboolean initramfs_add_directory(struct initramfs *initramfs, const char *path, GError **error)
{
	return add(initramfs, entry_new(path, S_IFDIR), NULL, 0, error);
}

gboolean initramfs_add_file(struct initramfs *initramfs, const char *path, GBytes *content,
			    GError **error)
{
	gsize size;
	const void *data = g_bytes_get_data(content, &size);

	return add(initramfs, entry_new(path, S_IFREG), data, size, error);
}

gboolean initramfs_add_link(struct initramfs *initramfs, const char *path, const char *target,
			    GError **error)
{
	struct archive_entry *entry = entry_new(path, S_IFLNK);

	archive_entry_set_symlink(entry, target);
	return add(initramfs, entry, NULL, 0, error);
}

gboolean initramfs_finish(struct initramfs *initramfs, GError **error)
{
	if (archive_write_close(initramfs->archive) == ARCHIVE_OK)
		return TRUE;
	fail(initramfs, error);
	return FALSE;
}
