/*
 * Any bytes as a patch file: refused, or the files it names lie in the tree.
 */
#include "tree/patch.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void check_path(const char *path)
{
	g_autofree char *rooted = g_strconcat("/", path, NULL);
	g_autofree char *canonical = g_canonicalize_filename(rooted, "/");

	g_assert_cmpstr(rooted, ==, canonical);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	g_autoptr(GPtrArray) files = patch_read((const char *)data, size, "fuzz", NULL);

	for (guint i = 0; files && i < files->len; i++) {
		const struct patch_file *file = g_ptr_array_index(files, i);

		g_assert_true(file->original || file->patched);
		g_assert_cmpuint(file->hunks, >, 0);
		if (file->original)
			check_path(file->original);
		if (file->patched)
			check_path(file->patched);
	}
	return 0;
}
