/*
 * The control file of a package: the fields Package and Version.
 */
#include <archive_entry.h>
#include <string.h>

#include "base/error.h"
#include "kernel/deb.h"
#include "kernel/unpack.h"

#define CONTROL_LIMIT (1u << 20)

struct deb *deb_new(const char *name, const char *version, const char *path)
{
	struct deb *deb = g_new0(struct deb, 1);

	deb->name = g_strdup(name);
	deb->version = g_strdup(version);
	deb->path = g_strdup(path);
	return deb;
}

void deb_free(struct deb *deb)
{
	if (!deb)
		return;
	g_free(deb->name);
	g_free(deb->version);
	g_free(deb->path);
	g_free(deb);
}

/* The content of the entry that was just read, up to the limit, as text. */
static char *entry_text(archive_reader *archive)
{
	g_autofree char *text = g_malloc(CONTROL_LIMIT + 1);
	la_ssize_t size = archive_read_data(archive, text, CONTROL_LIMIT);

	if (size < 0)
		return NULL;
	text[size] = '\0';
	return g_strdup(text);
}

static char *control_text(archive_reader *archive)
{
	struct archive_entry *entry;

	while (!archive_read_next_header(archive, &entry)) {
		const char *name = archive_entry_pathname(entry);

		if (name && (!strcmp(name, "./control") || !strcmp(name, "control")))
			return entry_text(archive);
	}
	return NULL;
}

/* A field of one line.  Caller frees. */
static char *field(char **lines, const char *name)
{
	gsize length = strlen(name);

	for (; *lines; lines++)
		if (g_str_has_prefix(*lines, name) && (*lines)[length] == ':')
			return g_strstrip(g_strdup(*lines + length + 1));
	return NULL;
}

struct deb *deb_read(const char *path, GError **error)
{
	g_autoptr(archive_reader) archive = unpack_open_deb(path, "control.tar", error);
	if (!archive)
		return NULL;

	g_autofree char *text = control_text(archive);
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
	g_autofree char *name = field(lines, "Package");
	g_autofree char *version = field(lines, "Version");
	if (!name || !version || !*version || strchr(version, '/')) {
		klatch_fail(error, KLATCH_INPUT, "the package can't be read", path, NULL,
			    "its control file names no package and version");
		return NULL;
	}
	return deb_new(name, version, path);
}

static gint compare_paths(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The paths of all .deb files, sorted: what is chosen must not depend on the file system. */
static GPtrArray *list_files(const char *directory)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) listing = g_dir_open(directory, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing)))
		if (g_str_has_suffix(name, ".deb"))
			g_ptr_array_add(paths, g_build_filename(directory, name, NULL));
	g_ptr_array_sort(paths, compare_paths);
	return paths;
}

GPtrArray *deb_scan(const char *directory, GError **error)
{
	g_autoptr(GPtrArray) paths = list_files(directory);
	g_autoptr(GPtrArray) debs = g_ptr_array_new_with_free_func((GDestroyNotify)deb_free);

	for (guint i = 0; i < paths->len; i++) {
		struct deb *deb = deb_read(g_ptr_array_index(paths, i), error);

		if (!deb)
			return NULL;
		g_ptr_array_add(debs, deb);
	}
	return g_steal_pointer(&debs);
}
