/*
 * What a build writes: all of it, or nothing.
 */
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "build/products.h"
#include "help.h"

static GPtrArray *two_products(const char *directory)
{
	GPtrArray *products = products_new();

	write_text(directory, "one", "1");
	write_text(directory, "two", "2");
	products_add(products, PRODUCT_LIVEPATCH, NULL, "fix.ko", path_in(directory, "one"));
	products_add(products, PRODUCT_FIXED, "tun", "updates/tun.ko", path_in(directory, "two"));
	return products;
}

static const char *path_of(const GPtrArray *products, guint index)
{
	const struct product *product = g_ptr_array_index(products, index);

	return product->path;
}

static guint count_entries(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	guint count = 0;

	while (dir && g_dir_read_name(dir))
		count++;
	return count;
}

static void assert_text(const char *path, const char *wanted)
{
	g_autofree char *text = files_read_text(path, NULL);

	assert_non_null(text);
	assert_string_equal(text, wanted);
}

static void test_directory(void **state)
{
	g_autoptr(GPtrArray) products = two_products(*state);
	g_autofree char *parent = path_in(*state, "parent");
	g_autofree char *output = path_in(*state, "parent/output/");
	g_autoptr(GError) error = NULL;

	assert_true(files_make_directory(parent, NULL));
	assert_true(products_check_directory(output, &error));
	assert_true(products_write_directory(products, output, &error));
	assert_no_error(error);
	assert_text(path_of(products, 0), "1");
	assert_text(path_of(products, 1), "2");
	assert_true(g_str_has_suffix(path_of(products, 1), "output/updates/tun.ko"));
	g_autofree char *second = g_strdup(path_of(products, 1));
	assert_int_equal(count_entries(parent), 1);

	/* What is there is kept. */
	assert_false(products_check_directory(output, &error));
	assert_error(&error, KLATCH_USAGE, "something is there already");
	g_ptr_array_set_size(products, 1);
	assert_false(products_write_directory(products, output, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, output);
	assert_text(second, "2");
	assert_int_equal(count_entries(parent), 1);
}

static void test_empty_directory(void **state)
{
	g_autoptr(GPtrArray) products = two_products(*state);
	g_autofree char *output = path_in(*state, "empty");
	g_autoptr(GError) error = NULL;

	assert_true(files_make_directory(output, NULL));
	assert_true(products_check_directory(output, &error));
	assert_true(products_write_directory(products, output, &error));
	assert_no_error(error);
	assert_text(path_of(products, 0), "1");
}

static void test_all_or_nothing(void **state)
{
	g_autoptr(GPtrArray) products = two_products(*state);
	g_autofree char *parent = path_in(*state, "nothing");
	g_autofree char *output = path_in(*state, "nothing/output");
	g_autofree char *two = path_in(*state, "two");
	g_autoptr(GError) error = NULL;

	assert_true(files_make_directory(parent, NULL));
	assert_int_equal(unlink(two), 0);
	assert_false(products_write_directory(products, output, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "two");
	assert_int_equal(count_entries(parent), 0);
}

static void test_a_file_in_its_place(void **state)
{
	g_autofree char *output = path_in(*state, "file");
	g_autoptr(GError) error = NULL;

	write_text(*state, "file", "x");
	assert_false(products_check_directory(output, &error));
	assert_error(&error, KLATCH_USAGE, "something is there already");
}

static void test_one_file(void **state)
{
	g_autoptr(GPtrArray) products = two_products(*state);
	g_autofree char *output = path_in(*state, "out.ko");
	g_autoptr(GError) error = NULL;

	g_ptr_array_set_size(products, 1);
	assert_true(products_write_file(products, output, &error));
	assert_no_error(error);
	assert_text(output, "1");
	assert_string_equal(path_of(products, 0), output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory),      cmocka_unit_test(test_empty_directory),
		cmocka_unit_test(test_all_or_nothing), cmocka_unit_test(test_a_file_in_its_place),
		cmocka_unit_test(test_one_file),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
