/*
 * late/ compiled for one kernel, by the kernel's own build system as an external module: so every
 * flag is the kernel's own, objtool runs on it, and nothing here depends on the kernel's version.
 * Sources come out of the program itself; the results remain.
 */
#include "link/runtime.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "kernel/cache.h"
#include "tree/kbuild.h"

#define WHAT	  "the kernel side can't be compiled"
#define RESOURCES "/klatch/late/"

static const char *const results[] = {"late.o", "shadow.o", "probe.o", "module.o", "module.lds"};

static gboolean unpack_source(const char *name, const char *directory, GError **error)
{
	g_autofree char *resource = g_strconcat(RESOURCES, name, NULL);
	g_autofree char *path = g_build_filename(directory, name, NULL);
	g_autoptr(GError) cause = NULL;
	g_autoptr(GBytes) bytes =
		g_resources_lookup_data(resource, G_RESOURCE_LOOKUP_FLAGS_NONE, &cause);

	if (!bytes) {
		klatch_adopt(error, KLATCH_ENVIRONMENT, WHAT, resource, NULL,
			     g_steal_pointer(&cause));
		return FALSE;
	}
	return files_write(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), error);
}

static gboolean unpack_sources(const char *directory, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_auto(GStrv) names =
		g_resources_enumerate_children(RESOURCES, G_RESOURCE_LOOKUP_FLAGS_NONE, &cause);

	if (!names) {
		klatch_adopt(error, KLATCH_ENVIRONMENT, WHAT, RESOURCES, NULL,
			     g_steal_pointer(&cause));
		return FALSE;
	}
	if (!files_make_directory(directory, error))
		return FALSE;
	for (char **name = names; *name; name++)
		if (!unpack_source(*name, directory, error))
			return FALSE;
	return TRUE;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Of all sources, in the order of their names.  Caller frees. */
static char *sources_digest(void)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_auto(GStrv) names =
		g_resources_enumerate_children(RESOURCES, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	for (char **name = names; name && *name; name++)
		g_ptr_array_add(sorted, *name);
	g_ptr_array_sort(sorted, compare_names);
	for (guint i = 0; i < sorted->len; i++) {
		g_autofree char *path = g_strconcat(RESOURCES, sorted->pdata[i], NULL);
		g_autoptr(GBytes) bytes =
			g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

		g_checksum_update(sum, (const guchar *)path, strlen(path) + 1);
		g_checksum_update(sum, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	}
	return g_strdup(g_checksum_get_string(sum));
}

/* Each klatch with other sources has a directory of its own: several may use one cache. */
static char *directory_of_sources(const char *late)
{
	g_autofree char *digest = sources_digest();

	return g_strdup_printf("%s/%.16s", late, digest);
}

static gboolean run_make(const struct kernel *kernel, const char *directory, GError **error)
{
	g_autoptr(GPtrArray) argv =
		kbuild_make(kernel->source, kernel->build, kernel->release, kernel->compiler);
	g_autofree char *external = g_strconcat("M=", directory, NULL);
	AUTO_PROCESS_RESULT result = {0};

	kbuild_add(argv, "-s", external, results[0], results[1], results[2], results[3], results[4],
		   NULL);
	const struct process process = {
		.argv = (const char *const *)argv->pdata,
		.timeout = 300,
	};
	return process_check(&process, "compiling the kernel side", &result, error);
}

static gboolean keep_result(const char *work, const char *directory, const char *name,
			    GError **error)
{
	g_autofree char *from = g_build_filename(work, name, NULL);
	g_autofree char *to = g_build_filename(directory, name, NULL);

	if (rename(from, to) == 0)
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, from, NULL, "%s", g_strerror(errno));
	return FALSE;
}

/* The directory gets its name when all is in it. */
static gboolean compile_below(const struct kernel *kernel, const char *work, const char *made,
			      const char *directory, GError **error)
{
	if (!unpack_sources(work, error) || !run_make(kernel, work, error) ||
	    !files_make_directory(made, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
		if (!keep_result(work, made, results[i], error))
			return FALSE;
	if (rename(made, directory) == 0)
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, directory, NULL, "%s", g_strerror(errno));
	return FALSE;
}

gboolean runtime_compile(const struct kernel *kernel, GError **error)
{
	g_autofree char *directory = directory_of_sources(kernel->late);
	g_autofree char *work = g_strconcat(directory, ".work", NULL);
	g_autofree char *made = g_strconcat(directory, ".partial", NULL);
	gboolean good;

	files_remove_tree(work, NULL);
	files_remove_tree(made, NULL);
	good = compile_below(kernel, work, made, directory, error);
	files_remove_tree(work, NULL);
	files_remove_tree(made, NULL);
	return good;
}

gboolean runtime_renew(struct kernel *kernel, GError **error)
{
	g_autofree char *directory = directory_of_sources(kernel->late);
	gboolean good = TRUE;

	if (!g_file_test(directory, G_FILE_TEST_IS_DIR)) {
		int lock = cache_lock(kernel->release, FALSE, error);

		if (lock < 0)
			return FALSE;
		/* Another klatch may have done it while this one waited. */
		good = g_file_test(directory, G_FILE_TEST_IS_DIR) || runtime_compile(kernel, error);
		close(lock);
	}
	if (good) {
		g_free(kernel->late);
		kernel->late = g_steal_pointer(&directory);
	}
	return good;
}
