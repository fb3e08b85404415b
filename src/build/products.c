/*
 * A directory is filled beside its place and renamed.
 */
#include "build/products.h"

#include <errno.h>
#include <stdio.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "base/files.h"

#define WHAT "the files can't be written"

static void product_free(gpointer data)
{
	struct product *product = data;

	g_free(product->object);
	g_free(product->name);
	g_free(product->path);
	g_free(product);
}

GPtrArray *products_new(void)
{
	return g_ptr_array_new_with_free_func(product_free);
}

void products_add(GPtrArray *products, enum product_kind kind, const char *object, const char *name,
		  char *path)
{
	struct product *product = g_new(struct product, 1);

	*product = (struct product){kind, g_strdup(object), g_strdup(name), path};
	g_ptr_array_add(products, product);
}

gboolean products_check_directory(const char *output, GError **error)
{
	g_autoptr(GDir) entries = g_dir_open(output, 0, NULL);

	if (!g_file_test(output, G_FILE_TEST_EXISTS) || (entries && !g_dir_read_name(entries)))
		return TRUE;
	klatch_fail(error, KLATCH_USAGE, WHAT, output, "name another directory with -o",
		    "this policy makes several files, so the output is a directory, and something "
		    "is there already");
	return FALSE;
}

static gboolean copy(const struct product *product, const char *to, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(product->path, error);
	gsize size;

	if (!bytes)
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &size);
	return files_write(to, data, size, error);
}

/* Takes path. */
static void is_written(struct product *product, char *path)
{
	g_free(product->path);
	product->path = path;
}

gboolean products_write_file(const GPtrArray *products, const char *output, GError **error)
{
	g_assert(products->len == 1);
	if (!copy(products->pdata[0], output, error))
		return FALSE;
	is_written(products->pdata[0], g_strdup(output));
	return TRUE;
}

static gboolean fill(const GPtrArray *products, const char *directory, GError **error)
{
	for (guint i = 0; i < products->len; i++) {
		const struct product *product = g_ptr_array_index(products, i);
		g_autofree char *path = g_build_filename(directory, product->name, NULL);
		g_autofree char *below = g_path_get_dirname(path);

		if (!files_make_directory(below, error) || !copy(product, path, error))
			return FALSE;
	}
	return TRUE;
}

gboolean products_write_directory(const GPtrArray *products, const char *output, GError **error)
{
	g_autofree char *place = g_canonicalize_filename(output, NULL);
	g_autofree char *aside = g_strconcat(place, ".XXXXXX", NULL);
	gboolean good = g_mkdtemp_full(aside, 0755) != NULL;

	if (good && !fill(products, aside, error)) {
		files_remove_tree(aside, NULL);
		return FALSE;
	}
	/* Over an empty directory too. */
	if (!good || g_rename(aside, place)) {
		klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, output, NULL, "%s", g_strerror(errno));
		if (good)
			files_remove_tree(aside, NULL);
		return FALSE;
	}
	for (guint i = 0; i < products->len; i++) {
		struct product *product = g_ptr_array_index(products, i);

		is_written(product, g_build_filename(output, product->name, NULL));
	}
	return TRUE;
}
