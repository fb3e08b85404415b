/*
 * Archives to disk, and nowhere but below the directory that was named.
 *
 * A member's path loses a leading "./" and is refused if it is absolute or steps up; libarchive
 * refuses to write through a symbolic link.  Owners and special modes are not kept, nor is anything
 * made but files, directories and links.
 */
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "kernel/packages.h"
#include "kernel/unpack.h"

typedef struct archive archive_writer;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(archive_writer, archive_write_free)

struct extraction {
	const char *archive; /* its path */
	const char *const *prefixes;
	guint strip; /* leading path components to leave out */
	archive_reader *reader;
	archive_writer *writer;
	char *root; /* resolved: libarchive would refuse links in it too */
	struct progress *progress;
	guint64 size; /* of the archive */
};

static gboolean wanted(const struct extraction *extraction, const char *path)
{
	if (!extraction->prefixes)
		return TRUE;
	for (const char *const *prefix = extraction->prefixes; *prefix; prefix++)
		if (g_str_has_prefix(path, *prefix))
			return TRUE;
	return FALSE;
}

static gboolean steps_up(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	return g_strv_contains((const char *const *)parts, "..");
}

/*
 * The path below the archive's root that a member's path means: "" for the root itself.  NULL if
 * it leads elsewhere.
 */
static const char *inner_path(const struct extraction *extraction, const char *path)
{
	if (!path || *path == '/' || steps_up(path))
		return NULL;
	while (g_str_has_prefix(path, "./"))
		path += 2;
	if (!strcmp(path, "."))
		return "";
	for (guint i = 0; i < extraction->strip; i++) {
		const char *slash = strchr(path, '/');

		path = slash ? slash + 1 : "";
	}
	return path;
}

/* The bytes of a path, also where this process's locale could not say them. */
static const char *member_path(struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);

	return path ? path : archive_entry_pathname_utf8(entry);
}

/* Turns the entry's paths into paths below root.  Returns whether it is to be written. */
static gboolean place_entry(const struct extraction *extraction, struct archive_entry *entry,
			    gboolean *bad)
{
	const char *path = inner_path(extraction, member_path(entry));
	const char *link = archive_entry_hardlink(entry);
	mode_t type = archive_entry_filetype(entry);

	*bad = !path || (link && !inner_path(extraction, link)) ||
	       (!link && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK);
	if (*bad || !*path || !wanted(extraction, path))
		return FALSE;

	g_autofree char *target = g_build_filename(extraction->root, path, NULL);
	archive_entry_set_pathname(entry, target);
	if (link) {
		g_autofree char *source =
			g_build_filename(extraction->root, inner_path(extraction, link), NULL);
		archive_entry_set_hardlink(entry, source);
	}
	return TRUE;
}

static gboolean fail_writing(const struct extraction *extraction, GError **error)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, "it can't be unpacked", extraction->archive, NULL,
		    "%s", archive_error_string(extraction->writer));
	return FALSE;
}

static gboolean copy_data(const struct extraction *extraction, GError **error)
{
	const void *data;
	size_t size;
	la_int64_t offset;
	int status;

	while (!(status = archive_read_data_block(extraction->reader, &data, &size, &offset)))
		if (archive_write_data_block(extraction->writer, data, size, offset) < 0)
			return fail_writing(extraction, error);
	if (status == ARCHIVE_EOF)
		return TRUE;
	unpack_fail(error, extraction->archive, extraction->reader);
	return FALSE;
}

static gboolean extract_entry(const struct extraction *extraction, struct archive_entry *entry,
			      GError **error)
{
	gboolean bad;

	if (place_entry(extraction, entry, &bad)) {
		/* A warning (a time that can't be set) is no failure. */
		if (archive_write_header(extraction->writer, entry) < ARCHIVE_WARN)
			return fail_writing(extraction, error);
		return copy_data(extraction, error);
	}
	if (bad)
		klatch_fail(error, KLATCH_INPUT, "it can't be unpacked", extraction->archive, NULL,
			    "its member '%s' is not a file that belongs below a directory",
			    member_path(entry));
	return !bad;
}

static gboolean extract_entries(const struct extraction *extraction, GError **error)
{
	struct archive_entry *entry;
	int status;

	while (!(status = archive_read_next_header(extraction->reader, &entry))) {
		if (!extract_entry(extraction, entry, error))
			return FALSE;
		if (extraction->progress)
			progress_report(extraction->progress, "unpacking the source",
					(double)archive_filter_bytes(extraction->reader, -1) /
						(double)extraction->size);
	}
	if (status != ARCHIVE_EOF) {
		unpack_fail(error, extraction->archive, extraction->reader);
		return FALSE;
	}
	/* Times of directories are set now. */
	if (archive_write_close(extraction->writer) < ARCHIVE_WARN)
		return fail_writing(extraction, error);
	return TRUE;
}

static gboolean extract(struct extraction *extraction, const char *directory, GError **error)
{
	g_autoptr(archive_writer) writer = archive_write_disk_new();
	struct stat status;

	if (!files_make_directory(directory, error))
		return FALSE;
	g_autofree char *root = realpath(directory, NULL);
	if (!root || stat(extraction->archive, &status)) {
		klatch_fail(error, KLATCH_ENVIRONMENT, "it can't be unpacked", extraction->archive,
			    NULL, "%s", g_strerror(errno));
		return FALSE;
	}
	archive_write_disk_set_options(writer,
				       ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS);
	extraction->writer = writer;
	extraction->root = root;
	extraction->size = MAX((guint64)status.st_size, 1);
	return extract_entries(extraction, error);
}

gboolean packages_unpack(const char *deb, const char *directory, const char *const *prefixes,
			 GError **error)
{
	g_autoptr(archive_reader) reader = unpack_open_deb(deb, "data.tar", error);
	struct extraction extraction = {.archive = deb, .prefixes = prefixes, .reader = reader};

	return reader && extract(&extraction, directory, error);
}

gboolean packages_unpack_tarball(const char *tarball, const char *directory,
				 struct progress *progress, GError **error)
{
	g_autoptr(archive_reader) reader = unpack_open_tarball(tarball, error);
	struct extraction extraction = {
		.archive = tarball, .strip = 1, .reader = reader, .progress = progress};

	return reader && extract(&extraction, directory, error);
}
