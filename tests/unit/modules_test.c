/*
 * Modules that gcc makes here, indexed by the real depmod.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "kernel/modules.h"

#define RELEASE "6.1.0-56-amd64"

/* "low" exports, "mid-dle" uses that and exports, "top" uses both. */
static const char low[] = ".section .modinfo, \"a\"\n"
			  ".asciz \"license=GPL\"\n .asciz \"vermagic=" RELEASE " SMP\"\n"
			  ".asciz \"name=low\"\n .ascii \"last=unended\"\n"
			  ".section __ksymtab_strings, \"a\"\n .asciz \"low_one\"\n"
			  ".text\n .globl low_one\n low_one: ret\n";
static const char middle[] = ".section __ksymtab_strings, \"a\"\n .asciz \"middle_one\"\n"
			     ".text\n .globl middle_one\n middle_one: call low_one\n";
static const char top[] = ".text\n call middle_one\n call low_one\n";
/* "user" needs "wisher", which wants what goes by the name of "other-name", and what is not there.
 */
static const char wisher[] =
	".section .modinfo, \"a\"\n .asciz \"softdep=pre: other-name nothing\"\n"
	".section __ksymtab_strings, \"a\"\n .asciz \"wisher_one\"\n"
	".text\n .globl wisher_one\n wisher_one: ret\n";
static const char wish[] = ".section .modinfo, \"a\"\n .asciz \"alias=other-name\"\n"
			   ".text\n call low_one\n";
static const char user[] = ".text\n call wisher_one\n";

static struct kernel *make_modules(const char *directory)
{
	g_autofree char *modules = path_in(directory, "image/lib/modules/" RELEASE);
	g_autofree char *image = path_in(directory, "image");
	g_autoptr(GError) error = NULL;

	assert_true(files_make_directory(modules, NULL));
	g_free(compile(directory, "low.S", low, NULL));
	g_free(compile(directory, "middle.S", middle, NULL));
	g_free(compile(directory, "top.S", top, NULL));
	g_free(compile(directory, "wisher.S", wisher, NULL));
	g_free(compile(directory, "wish.S", wish, NULL));
	g_free(compile(directory, "user.S", user, NULL));
	g_free(output_of(directory, "sh", "-c",
			 "m=image/lib/modules/" RELEASE "; mkdir -p $m/kernel/drivers;"
			 "cp low.o $m/kernel/low.ko; cp middle.o $m/kernel/drivers/mid-dle.ko;"
			 "for i in wisher wish user; do cp $i.o $m/kernel/$i.ko; done;"
			 "xz -c top.o >$m/kernel/drivers/top.ko.xz; touch $m/modules.order;"
			 "echo kernel/inside.ko >$m/modules.builtin",
			 NULL));
	modules_index(image, RELEASE, &error);
	assert_no_error(error);
	return kernel_new(RELEASE, "6.1.192-2", "gcc-12", directory);
}

static void test_dependencies_in_order(void **state)
{
	AUTO(kernel) kernel = make_modules(*state);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) names = modules_dependencies(kernel, "top", &error);

	assert_no_error(error);
	assert_int_equal(names->len, 3);
	assert_string_equal(names->pdata[0], "low");
	assert_string_equal(names->pdata[1], "mid_dle");
	assert_string_equal(names->pdata[2], "top");
	g_autoptr(GPtrArray) alone = modules_dependencies(kernel, "low", &error);
	assert_int_equal(alone->len, 1);
}

static void test_soft_dependencies_by_alias(void **state)
{
	AUTO(kernel) kernel = make_modules(*state);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) names = modules_soft_dependencies(kernel, "user", &error);

	assert_no_error(error);
	assert_int_equal(names->len, 2);
	assert_string_equal(names->pdata[0], "low");
	assert_string_equal(names->pdata[1], "wish");
	g_autoptr(GPtrArray) none = modules_soft_dependencies(kernel, "top", &error);
	assert_int_equal(none->len, 0);
}

static void test_aliases_by_prefix(void **state)
{
	AUTO(kernel) kernel = make_modules(*state);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) aliases = modules_aliases(kernel, "other", &error);
	const struct module_alias *alias;

	assert_no_error(error);
	assert_int_equal(aliases->len, 1);
	alias = aliases->pdata[0];
	assert_string_equal(alias->alias, "other-name");
	assert_string_equal(alias->name, "wish");
	g_autoptr(GPtrArray) none = modules_aliases(kernel, "name", &error);
	assert_int_equal(none->len, 0);
}

static void test_found_by_either_name(void **state)
{
	AUTO(kernel) kernel = make_modules(*state);
	g_autoptr(GError) error = NULL;
	g_autofree char *dash = modules_path(kernel, "mid-dle", &error);
	g_autofree char *line = modules_path(kernel, "mid_dle", &error);

	assert_no_error(error);
	assert_true(g_str_has_suffix(dash, "/kernel/drivers/mid-dle.ko"));
	assert_string_equal(dash, line);
}

static void test_compressed_is_unpacked(void **state)
{
	AUTO(kernel) kernel = make_modules(*state);
	g_autofree char *path = path_in(*state, "top.o");
	g_autoptr(GBytes) plain = files_map(path, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) unpacked = modules_bytes(kernel, "top", &error);

	assert_no_error(error);
	assert_true(g_bytes_equal(plain, unpacked));
	AUTO(object) object = modules_object(kernel, "top", &error);
	assert_no_error(error);
	assert_non_null(object_symbol(object, "middle_one"));
}

static void test_information(void **state)
{
	AUTO(kernel) kernel = make_modules(*state);
	AUTO(object) object = modules_object(kernel, "low", NULL);
	g_autofree char *magic = modules_info(object, "vermagic");
	g_autofree char *last = modules_info(object, "last");

	assert_string_equal(magic, RELEASE " SMP");
	assert_string_equal(last, "unended");
	assert_null(modules_info(object, "ver"));
	assert_null(modules_info(object, "depends"));
	AUTO(object) without = modules_object(kernel, "top", NULL);
	assert_null(modules_info(without, "name"));
}

static void test_what_is_no_module(void **state)
{
	AUTO(kernel) kernel = make_modules(*state);
	static const char *const names[] = {"nonesuch", "inside",      "lo",
					    "low.ko",	"drivers/top", ""};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(modules_path(kernel, names[i], &error));
		assert_error(&error, KLATCH_INPUT, "no such module");
		assert_null(modules_object(kernel, names[i], &error));
		assert_error(&error, KLATCH_INPUT, "no such module");
		assert_null(modules_dependencies(kernel, names[i], &error));
		assert_error(&error, KLATCH_INPUT, RELEASE);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_dependencies_in_order),  TEST(test_soft_dependencies_by_alias),
		TEST(test_aliases_by_prefix),	   TEST(test_found_by_either_name),
		TEST(test_compressed_is_unpacked), TEST(test_information),
		TEST(test_what_is_no_module),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
