/*
 * late/ compiled for one kernel, by the kernel's own build system as an external module: so every
 * flag is the kernel's own, objtool runs on it, and nothing here depends on the kernel's version.
 * Sources come out of the program itself; late.o, module.o and module.lds remain.
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

static const char *const results[] = {"late.o", "module.o", "module.lds"};

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

static char *digest_path(const char *directory)
{
	return g_build_filename(directory, "digest", NULL);
}

static gboolean is_current(const char *directory)
{
	g_autofree char *path = digest_path(directory), *current = sources_digest();
	g_autofree char *kept = NULL;

	return g_file_get_contents(path, &kept, NULL, NULL) && !strcmp(kept, current);
}

static gboolean run_make(const char *source, const char *build, const char *release,
			 const char *compiler, const char *directory, GError **error)
{
	g_autoptr(GPtrArray) argv = kbuild_make(source, build, release, compiler);
	g_autofree char *external = g_strconcat("M=", directory, NULL);
	AUTO_PROCESS_RESULT result = {0};

	kbuild_add(argv, "-s", external, results[0], results[1], results[2], NULL);
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

static gboolean compile_below(const char *work, const char *source, const char *build,
			      const char *release, const char *compiler, const char *directory,
			      GError **error)
{
	if (!unpack_sources(work, error) ||
	    !run_make(source, build, release, compiler, work, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
		if (!keep_result(work, directory, results[i], error))
			return FALSE;

	g_autofree char *path = digest_path(directory), *digest = sources_digest();
	return files_write(path, digest, strlen(digest), error);
}

gboolean runtime_compile(const char *source, const char *build, const char *release,
			 const char *compiler, const char *directory, GError **error)
{
	g_autofree char *work = g_build_filename(directory, "work", NULL);

	if (!compile_below(work, source, build, release, compiler, directory, error)) {
		files_remove_tree(work, NULL);
		return FALSE;
	}
	return files_remove_tree(work, error);
}

gboolean runtime_renew(const struct kernel *kernel, GError **error)
{
	gboolean good;
	int lock;

	if (is_current(kernel->late))
		return TRUE;
	lock = cache_lock(kernel->release, FALSE, error);
	if (lock < 0)
		return FALSE;
	/* Another klatch may have done it while this one waited. */
	good = is_current(kernel->late) ||
	       runtime_compile(kernel->source, kernel->build, kernel->release, kernel->compiler,
			       kernel->late, error);
	close(lock);
	return good;
}
