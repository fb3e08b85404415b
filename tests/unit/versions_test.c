/*
 * One kernel's statements about its version, and each of them changed.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "kernel/versions.h"

#define RELEASE	 "6.1.0-56-amd64"
#define VERSION	 "6.1.192-2"
#define COMPILER "gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0"
#define UTS	 "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)"
#define BANNER                                                                                     \
	"Linux version " RELEASE " (debian-kernel@lists.debian.org) (" COMPILER                    \
	", GNU ld (GNU Binutils for Debian) 2.40) " UTS

static void write_headers(const char *directory)
{
	g_autofree char *generated = path_in(directory, "include/generated");

	assert_true(files_make_directory(generated, NULL));
	write_text(directory, ".config", "# text\nCONFIG_CC_VERSION_TEXT=\"" COMPILER "\"\n");
	write_text(generated, "utsrelease.h", "#define UTS_RELEASE \"" RELEASE "\"\n");
	write_text(generated, "package.h", "#define LINUX_PACKAGE_ID \" Debian " VERSION "\"\n");
	write_text(generated, "utsversion.h", "#define UTS_VERSION \"" UTS "\"\n");
}

static gboolean check(const char *directory, const char *banner, const char *running,
		      GError **error)
{
	return versions_check(RELEASE, VERSION, directory, banner, running, error);
}

static void test_one_version(void **state)
{
	g_autoptr(GError) error = NULL;

	write_headers(*state);
	check(*state, BANNER, NULL, &error);
	assert_no_error(error);
	check(*state, BANNER, BANNER, &error);
	assert_no_error(error);
	g_autofree char *compiler = versions_compiler(*state, &error);
	assert_string_equal(compiler, COMPILER);
	g_autofree char *version = versions_of_banner(BANNER);
	assert_string_equal(version, VERSION);
	assert_null(versions_of_banner("Linux version 6.1.0 (me) (gcc) #1 SMP"));
}

/* 5.10 has it in compile.h. */
static void test_version_in_the_older_header(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *newer = path_in(*state, "include/generated/utsversion.h");

	write_headers(*state);
	g_free(output_of(*state, "mv", newer, "include/generated/compile.h", NULL));
	check(*state, BANNER, NULL, &error);
	assert_no_error(error);
	g_free(output_of(*state, "rm", "include/generated/compile.h", NULL));
}

static void test_headers_of_another_build(void **state)
{
	static const struct {
		const char *file, *text, *who, *says;
	} others[] = {
		{"utsrelease.h", "#define UTS_RELEASE \"6.1.0-55-amd64\"\n", "UTS_RELEASE",
		 "6.1.0-55-amd64"},
		{"package.h", "#define LINUX_PACKAGE_ID \" Debian 6.1.192-1\"\n",
		 "LINUX_PACKAGE_ID", "6.1.192-1"},
		{"utsversion.h", "#define UTS_VERSION \"#1 SMP Debian 6.1.192-1 (2026-11-01)\"\n",
		 "UTS_VERSION", "6.1.192-1"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autofree char *generated = path_in(*state, "include/generated");
		g_autoptr(GError) error = NULL;

		write_headers(*state);
		write_text(generated, others[i].file, others[i].text);
		assert_false(check(*state, BANNER, NULL, &error));
		assert_non_null(strstr(error->message, others[i].who));
		assert_error(&error, KLATCH_INPUT, others[i].says);
	}
}

static void test_image_of_another_build(void **state)
{
	static const struct {
		const char *from, *to, *who;
	} others[] = {
		{RELEASE, "6.1.0-55-amd64", "the release says"},
		{"u1) 12.2.0", ") 12.2.0", "CONFIG_CC_VERSION_TEXT"},
		{"2026-11-16", "2026-11-17", "UTS_VERSION"},
		{"6.1.192-2", "6.1.192-1", "UTS_VERSION"},
	};

	write_headers(*state);
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autoptr(GString) banner = g_string_new(BANNER);
		g_autoptr(GError) error = NULL;

		assert_int_equal(g_string_replace(banner, others[i].from, others[i].to, 0), 1);
		assert_false(check(*state, banner->str, NULL, &error));
		assert_error(&error, KLATCH_INPUT, others[i].who);
	}
}

static void test_image_by_its_banner(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *compiler = versions_check_image(RELEASE, "6.1.192-2", BANNER, &error);

	assert_no_error(error);
	assert_true(g_str_has_prefix(compiler, "gcc-12 (Debian"));
	assert_true(g_str_has_suffix(compiler, "12.2.0"));
	assert_null(versions_check_image("6.1.0-55-amd64", "6.1.192-2", BANNER, &error));
	assert_error(&error, KLATCH_INPUT, "the release says");
	assert_null(versions_check_image(RELEASE, "6.1.192-1", BANNER, &error));
	assert_error(&error, KLATCH_INPUT, "the packages' version says");
}

static void test_another_build_runs(void **state)
{
	g_autoptr(GString) running = g_string_new(BANNER);
	g_autoptr(GError) error = NULL;

	write_headers(*state);
	g_string_replace(running, "#1 SMP", "#2 SMP", 0);
	assert_false(check(*state, BANNER, running->str, &error));
	assert_error(&error, KLATCH_INPUT, "/proc/version");
}

static void test_headers_that_say_nothing(void **state)
{
	g_autofree char *config = path_in(*state, ".config");
	g_autoptr(GError) error = NULL;

	write_headers(*state);
	write_text(*state, ".config", "CONFIG_CC_VERSION_TEXT=\"gcc\n");
	assert_false(check(*state, BANNER, NULL, &error));
	assert_error(&error, KLATCH_INPUT, "CONFIG_CC_VERSION_TEXT");
	g_free(output_of(*state, "rm", config, NULL));
	assert_null(versions_compiler(*state, &error));
	assert_error(&error, KLATCH_INPUT, "CONFIG_CC_VERSION_TEXT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_version),
		cmocka_unit_test(test_version_in_the_older_header),
		cmocka_unit_test(test_headers_of_another_build),
		cmocka_unit_test(test_image_of_another_build),
		cmocka_unit_test(test_image_by_its_banner),
		cmocka_unit_test(test_another_build_runs),
		cmocka_unit_test(test_headers_that_say_nothing),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
