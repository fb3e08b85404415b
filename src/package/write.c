/*
 * The package as a directory, which dpkg-deb makes a file of.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "package/inside.h"

#define WHAT "the package can't be made"

/* What is put into it. */
struct tree {
	const char *root;
	GString *checksums; /* DEBIAN/md5sums */
	gsize size;
};

static gboolean fail_mode(const char *path, GError **error)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, path, NULL, "its permissions can't be set");
	return FALSE;
}

/* The user's umask is not the package's: a directory has 0755, each that was made for a file. */
static gboolean open_directories(const struct tree *tree, const char *path, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(path);

	if (strlen(directory) < strlen(tree->root))
		return TRUE;
	if (g_chmod(directory, 0755))
		return fail_mode(directory, error);
	return open_directories(tree, directory, error);
}

static gboolean put(const struct tree *tree, const char *name, GBytes *bytes, int mode,
		    GError **error)
{
	g_autofree char *path = g_build_filename(tree->root, name, NULL);
	g_autofree char *directory = g_path_get_dirname(path);
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);

	if (!files_make_directory(directory, error) || !files_write(path, data, size, error))
		return FALSE;
	if (g_chmod(path, mode))
		return fail_mode(path, error);
	return open_directories(tree, path, error);
}

/* A file that is installed. */
static gboolean install(struct tree *tree, const char *name, GBytes *bytes, GError **error)
{
	g_autofree char *checksum = g_compute_checksum_for_bytes(G_CHECKSUM_MD5, bytes);

	g_string_append_printf(tree->checksums, "%s  %s\n", checksum, name);
	tree->size += g_bytes_get_size(bytes);
	return put(tree, name, bytes, 0644, error);
}

static gboolean install_text(struct tree *tree, const char *name, char *text, GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new_take(text, strlen(text));

	return install(tree, name, bytes, error);
}

static gboolean put_text(const struct tree *tree, const char *name, char *text, int mode,
			 GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new_take(text, strlen(text));

	return put(tree, name, bytes, mode, error);
}

static gboolean install_all(struct tree *tree, const struct package *package, GError **error)
{
	g_autofree char *metadata = g_strdup_printf("usr/share/klatch/%s.json", package->name);
	g_autofree char *copyright = g_strdup_printf("usr/share/doc/%s/copyright", package->name);

	for (guint i = 0; i < package->livepatches->len; i++) {
		const struct package_livepatch *livepatch = package->livepatches->pdata[i];
		g_autofree char *file = g_strdup_printf("lib/modules/%s/klatch/%s.ko",
							package->release, livepatch->name);

		if (!install(tree, file, livepatch->bytes, error))
			return FALSE;
	}
	return install_text(tree, copyright, package_copyright(package), error) &&
	       install_text(tree, metadata, package_metadata(package), error);
}

static gboolean put_control(const struct tree *tree, const struct package *package, GError **error)
{
	static const char *const scripts[] = {"postinst", "prerm", "postrm"};

	for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
		g_autofree char *name = g_build_filename("DEBIAN", scripts[i], NULL);

		if (!put_text(tree, name, package_script(package, scripts[i]), 0755, error))
			return FALSE;
	}
	return put_text(tree, "DEBIAN/md5sums", g_strdup(tree->checksums->str), 0644, error) &&
	       put_text(tree, "DEBIAN/control", package_control(package, tree->size), 0644, error);
}

/* One thread, so that the number of processors is not to be seen in the file. */
static gboolean pack(const struct package *package, const char *root, const char *file,
		     GError **error)
{
	g_autofree char *date =
		g_strdup_printf("SOURCE_DATE_EPOCH=%" G_GINT64_FORMAT, package->date);
	const char *argv[] = {
		"dpkg-deb", "--build", "--root-owner-group", "-Zxz", "--threads-max=1", root,
		file,	    NULL};
	const char *environment[] = {date, NULL};
	const struct process process = {.argv = argv, .environment = environment};
	AUTO_PROCESS_RESULT result = {0};

	return process_check(&process, WHAT, &result, error);
}

gboolean package_write(const struct package *package, const char *directory, const char *output,
		       GError **error)
{
	g_autofree char *root = g_build_filename(directory, "tree", NULL);
	g_autofree char *file = g_build_filename(directory, "package.deb", NULL);
	g_autoptr(GString) checksums = g_string_new(NULL);
	struct tree tree = {.root = root, .checksums = checksums};
	g_autoptr(GBytes) bytes = NULL;
	gsize size;

	if (!install_all(&tree, package, error) || !put_control(&tree, package, error) ||
	    !pack(package, root, file, error))
		return FALSE;
	bytes = files_map(file, error);
	if (!bytes)
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &size);
	return files_write(output, data, size, error);
}
