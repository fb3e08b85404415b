/*
 * The changes of a release as patches, one file each: NUMBER.patch.
 *
 *	changes RELEASE VERSION DIRECTORY
 *
 * From the version of a prepared kernel to another one's source, which is fetched if need be.  What
 * differs in comments alone, or is known not to go live whatever its code is (struct change:
 * obstacle), is left out.
 */
#include <stdio.h>

#include "base/files.h"
#include "kernel/packages.h"
#include "release/changes.h"
#include "tree/tree.h"

static int cannot(const GError *error)
{
	fprintf(stderr, "changes: %s\n", error->message);
	return 2;
}

/* The directory of a version's source; caller frees. */
static char *fetch(const struct kernel *kernel, const char *version, GError **error)
{
	g_autofree char *wanted = g_strdup(version), *cache = kernel_cache();
	g_autofree char *package = packages_source(kernel->series, &wanted, NULL, error);
	g_autofree char *source = g_build_filename(cache, "sources", wanted, NULL);

	return package && tree_unpack(package, source, NULL, error) ? g_steal_pointer(&source)
								    : NULL;
}

static gboolean write_change(const struct changes *changes, struct change *change,
			     const char *directory, GError **error)
{
	g_autoptr(GPtrArray) chosen = g_ptr_array_new();
	g_autofree char *file = g_strdup_printf("%04u.patch", change->number);
	g_autofree char *path = g_build_filename(directory, file, NULL);

	g_ptr_array_add(chosen, change);
	return changes_write(changes, chosen, NULL, path, error);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	if (argc != 4) {
		fputs("usage: changes RELEASE VERSION DIRECTORY\n", stderr);
		return 2;
	}
	AUTO(kernel) kernel = kernel_open(argv[1], &error);
	AUTO(commands) commands = kernel ? commands_open(kernel, &error) : NULL;
	AUTO(built) built = commands ? built_of_kernel(kernel, commands, &error) : NULL;
	g_autofree char *source = built ? fetch(kernel, argv[2], &error) : NULL;
	if (!source || !files_make_directory(argv[3], &error))
		return cannot(error);
	AUTO(changes) changes = changes_between(kernel->source, source, built, NULL, &error);
	for (guint i = 0; changes && i < changes->all->len; i++) {
		struct change *change = g_ptr_array_index(changes->all, i);

		if (!change->obstacle && !change->idle &&
		    !write_change(changes, change, argv[3], &error))
			return cannot(error);
	}
	return changes ? 0 : cannot(error);
}
