/*
 * Kernels in a cache of the test's own.
 */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "kernel/cache.h"
#include "kernel/kernel.h"

#define COMPILER "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0"

static int make_cache(void **state)
{
	if (make_directory(state))
		return -1;
	g_setenv("KLATCH_CACHE", *state, TRUE);
	return 0;
}

/* A kernel with no more to it than its description and a source. */
static void add(const char *release, const char *version)
{
	g_autofree char *directory = kernel_directory(release);
	AUTO(kernel) kernel = kernel_new(release, version, COMPILER, directory);
	g_autoptr(GError) error = NULL;

	files_make_directory(directory, &error);
	assert_no_error(error);
	files_make_directory(kernel->source, &error);
	assert_no_error(error);
	kernel_save(kernel, &error);
	assert_no_error(error);
}

static void test_opened_as_saved(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *modules = path_in(
		*state, "kernels/6.1.0-56-cloud-amd64/image/lib/modules/6.1.0-56-cloud-amd64");
	g_autofree char *source = path_in(*state, "sources/6.1.192-2");

	add("6.1.0-56-cloud-amd64", "6.1.192-2");
	AUTO(kernel) kernel = kernel_open("6.1.0-56-cloud-amd64", &error);
	assert_no_error(error);
	assert_string_equal(kernel->version, "6.1.192-2");
	assert_string_equal(kernel->flavour, "cloud-amd64");
	assert_string_equal(kernel->compiler, "gcc-12");
	assert_string_equal(kernel->compiler_text, COMPILER);
	assert_int_equal(kernel->series, 6001);
	assert_string_equal(kernel->modules, modules);
	assert_string_equal(kernel->source, source);
}

static void test_not_prepared(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *directory = kernel_directory("6.1.0-56-amd64");

	assert_null(kernel_open("6.1.0-56-amd64", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "klatch kernel add 6.1.0-56-amd64");

	add("6.1.0-56-amd64", "6.1.192-2");
	write_text(directory, "kernel.ini", "[kernel]\nformat=0\nrelease=6.1.0-56-amd64\n");
	assert_null(kernel_open("6.1.0-56-amd64", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "another version of klatch");

	write_text(directory, "kernel.ini",
		   "[kernel]\nformat=1\nrelease=6.1.0-55-amd64\nversion=1\ncompiler_text=gcc\n");
	assert_null(kernel_open("6.1.0-56-amd64", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "damaged");
}

static void test_names_that_are_no_release(void **state)
{
	static const char *const names[] = {"",
					    "6.1.0",
					    "amd64",
					    "-amd64",
					    "6.1.0-amd",
					    "../6.1.0-amd64",
					    "6.1.0-56/../x-amd64",
					    "6.1.0-56 -amd64",
					    "6-amd64",
					    "x6.1.0-56-amd64"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(kernel_open(names[i], &error));
		assert_error(&error, KLATCH_USAGE, "uname -r");
	}
	assert_true(kernel_check_release("6.12.117+deb12-amd64", NULL));
	assert_int_equal(kernel_series("6.12.117+deb12-amd64"), 6012);
	assert_string_equal(kernel_flavour("6.1.0-56-rt-amd64"), "rt-amd64");
}

static void test_listed_when_whole(void **state)
{
	g_autoptr(GPtrArray) none = kernel_list(NULL);
	g_autofree char *partial = path_in(*state, "kernels/6.1.0-57-amd64");

	assert_int_equal(none->len, 0);
	add("6.1.0-56-amd64", "6.1.192-2");
	add("6.1.0-47-amd64", "6.1.170-3");
	assert_true(files_make_directory(partial, NULL));
	g_autoptr(GPtrArray) releases = kernel_list(NULL);
	assert_int_equal(releases->len, 2);
	assert_string_equal(releases->pdata[0], "6.1.0-47-amd64");
	assert_string_equal(releases->pdata[1], "6.1.0-56-amd64");
}

static gboolean exists(const char *directory, const char *name)
{
	g_autofree char *path = path_in(directory, name);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void test_source_goes_with_its_last_kernel(void **state)
{
	g_autoptr(GError) error = NULL;

	add("6.1.0-56-amd64", "6.1.192-2");
	add("6.1.0-56-cloud-amd64", "6.1.192-2");
	kernel_remove("6.1.0-56-amd64", &error);
	assert_no_error(error);
	assert_false(exists(*state, "kernels/6.1.0-56-amd64"));
	assert_true(exists(*state, "sources/6.1.192-2"));

	/* while another klatch adds a kernel, no source is removed */
	int lock = cache_lock("sources", TRUE, &error);
	kernel_remove("6.1.0-56-cloud-amd64", &error);
	assert_no_error(error);
	assert_true(exists(*state, "sources/6.1.192-2"));
	close(lock);

	add("6.1.0-47-amd64", "6.1.170-3");
	kernel_remove("6.1.0-47-amd64", &error);
	assert_no_error(error);
	assert_false(exists(*state, "sources/6.1.170-3"));
	assert_false(exists(*state, "sources/6.1.192-2"));

	assert_false(kernel_remove("6.1.0-47-amd64", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "not in the cache");
}

static void test_replaced(void **state)
{
	g_autofree char *directory = kernel_directory("6.1.0-56-amd64");
	g_autoptr(GError) error = NULL;

	add("6.1.0-56-amd64", "6.1.192-1");
	g_autofree char *made = cache_partial(directory, &error);
	AUTO(kernel) kernel = kernel_new("6.1.0-56-amd64", "6.1.192-2", COMPILER, made);
	assert_true(files_make_directory(made, NULL));
	assert_true(kernel_save(kernel, NULL));
	kernel_replace(made, directory, &error);
	assert_no_error(error);
	AUTO(kernel) opened = kernel_open("6.1.0-56-amd64", &error);
	assert_string_equal(opened->version, "6.1.192-2");
	g_autofree char *left = output_of(*state, "ls", "kernels", NULL);
	assert_string_equal(left, "6.1.0-56-amd64\n");
}

static void test_derived(void **state)
{
	g_autofree char *source = path_in(*state, "kernels/6.1.0-56-amd64+kt/source");
	g_autofree char *base = kernel_base("6.12.117+deb12-amd64+x-amd64");
	g_autoptr(GError) error = NULL;

	assert_string_equal(base, "6.12.117+deb12-amd64");
	assert_null(kernel_base("6.12.117+deb12-amd64"));
	assert_null(kernel_base("6.1.0-56-amd64+"));

	add("6.1.0-56-amd64", "6.1.192-2");
	add("6.1.0-56-amd64+kt", "6.1.192-2");
	AUTO(kernel) kernel = kernel_open("6.1.0-56-amd64+kt", &error);
	assert_no_error(error);
	assert_string_equal(kernel->name, "6.1.0-56-amd64+kt");
	assert_string_equal(kernel->release, "6.1.0-56-amd64");
	assert_string_equal(kernel->flavour, "amd64");
	assert_string_equal(kernel->source, source);
	assert_true(g_str_has_suffix(kernel->modules, "+kt/image/lib/modules/6.1.0-56-amd64"));

	/* what it links to can't go, nor become another */
	assert_false(kernel_remove("6.1.0-56-amd64", &error));
	assert_error(&error, KLATCH_USAGE, "6.1.0-56-amd64+kt");
	add("6.1.0-56-amd64", "6.1.192-3");
	assert_null(kernel_open("6.1.0-56-amd64+kt", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "klatch kernel add 6.1.0-56-amd64 --modules");
	assert_true(kernel_remove("6.1.0-56-amd64+kt", &error));
	assert_true(kernel_remove("6.1.0-56-amd64", &error));
}

static void test_locks(void **state)
{
	g_autoptr(GError) error = NULL;
	int first = cache_lock("name", TRUE, &error);
	int second = cache_lock("name", TRUE, &error);

	assert_no_error(error);
	assert_int_equal(cache_try_lock("name", &error), -1);
	assert_no_error(error);
	close(first);
	assert_int_equal(cache_try_lock("name", &error), -1);
	close(second);
	int third = cache_try_lock("name", &error);
	assert_true(third >= 0);
	close(third);
}

static void test_leftovers_are_removed(void **state)
{
	g_autofree char *base = path_in(*state, "thing");
	g_autofree char *left = path_in(*state, "thing.partial-1/deep");
	g_autofree char *other = path_in(*state, "things.partial-1");
	g_autoptr(GError) error = NULL;

	assert_true(files_make_directory(left, NULL));
	assert_true(files_make_directory(other, NULL));
	g_autofree char *partial = cache_partial(base, &error);
	assert_no_error(error);
	assert_false(exists(*state, "thing.partial-1"));
	assert_true(exists(*state, "things.partial-1"));
	assert_false(g_file_test(partial, G_FILE_TEST_EXISTS));
	assert_true(g_str_has_prefix(partial, base));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_cache, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_opened_as_saved),
		TEST(test_not_prepared),
		TEST(test_names_that_are_no_release),
		TEST(test_listed_when_whole),
		TEST(test_source_goes_with_its_last_kernel),
		TEST(test_replaced),
		TEST(test_derived),
		TEST(test_locks),
		TEST(test_leftovers_are_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
