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

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"

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

static gboolean run_make(const char *source, const char *build, const char *release,
			 const char *compiler, const char *directory, GError **error)
{
	g_autofree char *output = g_strconcat("O=", build, NULL);
	g_autofree char *external = g_strconcat("M=", directory, NULL);
	g_autofree char *cc = g_strconcat("CC=", compiler, NULL);
	g_autofree char *kernel_release = g_strconcat("KERNELRELEASE=", release, NULL);
	const char *argv[] = {"make", "-s",	      "-C",	  source,     output,	  external,
			      cc,     kernel_release, results[0], results[1], results[2], NULL};
	/* A make that klatch itself runs below must not hand its options down. */
	const char *environment[] = {"MAKEFLAGS=", "LC_ALL=C", NULL};
	struct process process = {.argv = argv, .environment = environment, .timeout = 300};
	AUTO_PROCESS_RESULT result = {0};

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
	return TRUE;
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
