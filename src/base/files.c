/*
 * Files over GLib and POSIX, with klatch's errors.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

static gboolean fail_errno(GError **error, const char *what, const char *path, int number)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, what, path, NULL, "%s", g_strerror(number));
	return FALSE;
}

/*
 * An open regular file.  (GLib's own readers name the path in their message, where ours would stand
 * twice, and a directory or a device would be mapped or read for ever.)
 */
static int open_regular(const char *path, GError **error)
{
	const char *what = "the file can't be read";
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		fail_errno(error, what, path, errno);
		return -1;
	}
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		klatch_fail(error, KLATCH_ENVIRONMENT, what, path, NULL,
			    "it is not a regular file");
		close(fd);
		return -1;
	}
	return fd;
}

GBytes *files_map(const char *path, GError **error)
{
	int fd = open_regular(path, error);

	if (fd < 0)
		return NULL;

	g_autoptr(GError) cause = NULL;
	g_autoptr(GMappedFile) file = g_mapped_file_new_from_fd(fd, FALSE, &cause);
	close(fd);
	if (file)
		return g_mapped_file_get_bytes(file);
	klatch_adopt(error, KLATCH_ENVIRONMENT, "the file can't be read", path, NULL,
		     g_steal_pointer(&cause));
	return NULL;
}

char *files_read_text(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(path, error);

	if (!bytes)
		return NULL;

	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);
	if (size && memchr(data, 0, size)) {
		klatch_fail(error, KLATCH_ENVIRONMENT, "the file can't be read", path, NULL,
			    "it is not a text file");
		return NULL;
	}
	return g_strndup(data ? data : "", size);
}

static gboolean write_all(int fd, const char *data, gsize size)
{
	while (size) {
		ssize_t written = write(fd, data, size);

		if (written < 0 && errno != EINTR)
			return FALSE;
		if (written > 0) {
			data += written;
			size -= written;
		}
	}
	return TRUE;
}

gboolean files_write(const char *path, const void *data, gsize size, GError **error)
{
	const char *what = "the file can't be written";
	g_autofree char *aside = g_strconcat(path, ".XXXXXX", NULL);
	int fd = g_mkstemp_full(aside, O_WRONLY | O_CLOEXEC, 0644);

	if (fd < 0)
		return fail_errno(error, what, path, errno);

	int number = 0;
	if (!write_all(fd, data, size) || fsync(fd))
		number = errno;
	if (close(fd) && !number)
		number = errno;
	if (!number && rename(aside, path))
		number = errno;
	if (!number)
		return TRUE;
	unlink(aside);
	return fail_errno(error, what, path, number);
}

gboolean files_make_directory(const char *path, GError **error)
{
	if (g_mkdir_with_parents(path, 0755))
		return fail_errno(error, "the directory can't be made", path, errno);
	return TRUE;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	return remove(path);
}

gboolean files_remove_tree(const char *path, GError **error)
{
	/* Depth first, links themselves, and no more directories open than any process may. */
	if (nftw(path, remove_one, 64, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
		return fail_errno(error, "the tree can't be removed", path, errno);
	return TRUE;
}

char *files_temporary_directory(GError **error)
{
	char *path = g_build_filename(g_get_tmp_dir(), "klatch-XXXXXX", NULL);

	if (g_mkdtemp(path))
		return path;
	fail_errno(error, "the temporary directory can't be made", path, errno);
	g_free(path);
	return NULL;
}
