/*
 * The kernel side is compiled by whatever make the source tree brings: here a stand-in that says
 * what it was asked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/files.h"
#include "link/runtime.h"

static char *prepare(const char *makefile)
{
	char *directory = files_temporary_directory(NULL);
	g_autofree char *source = g_build_filename(directory, "source", NULL);
	g_autofree char *path = g_build_filename(source, "Makefile", NULL);

	assert_non_null(directory);
	assert_int_equal(g_mkdir(source, 0755), 0);
	assert_true(g_file_set_contents(path, makefile, -1, NULL));
	return directory;
}

static gboolean compile(const char *directory, GError **error)
{
	g_autofree char *source = g_build_filename(directory, "source", NULL);
	g_autofree char *late = g_build_filename(directory, "late", NULL);

	return runtime_compile(source, "/the/build", "6.1.0-0-none", "some-cc", late, error);
}

static char *read_result(const char *directory, const char *name)
{
	g_autofree char *path = g_build_filename(directory, "late", name, NULL);
	char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

static void results_stay_and_the_rest_goes(void **state)
{
	g_autofree char *directory =
		prepare("late.o module.o module.lds:\n"
			"\ttest -f $(M)/Kbuild -a -f $(M)/core.c -a -f $(M)/klatch.h\n"
			"\techo '$@ $(CC) $(KERNELRELEASE) $(O) $(CURDIR)' >$(M)/$@\n");
	g_autofree char *late = g_build_filename(directory, "late", NULL);
	g_autofree char *object = NULL, *script = NULL, *expected = NULL;
	g_autoptr(GDir) left = NULL;
	gsize count = 0;

	assert_true(compile(directory, NULL));
	object = read_result(directory, "late.o");
	expected = g_strdup_printf("late.o some-cc 6.1.0-0-none /the/build %s/source\n", directory);
	assert_string_equal(object, expected);
	script = read_result(directory, "module.lds");
	assert_true(g_str_has_prefix(script, "module.lds "));

	left = g_dir_open(late, 0, NULL);
	while (g_dir_read_name(left))
		count++;
	assert_int_equal(count, 4); /* and the digest of the sources */
	files_remove_tree(directory, NULL);
}

static void a_failure_tells_what_make_said(void **state)
{
	g_autofree char *directory = prepare("late.o:\n\t@echo no such compiler >&2; false\n");
	g_autofree char *work = g_build_filename(directory, "late", "work", NULL);
	g_autoptr(GError) error = NULL;

	assert_false(compile(directory, &error));
	assert_int_equal(error->code, KLATCH_ENVIRONMENT);
	assert_non_null(strstr(klatch_error_reason(error)->why, "no such compiler"));
	assert_false(g_file_test(work, G_FILE_TEST_EXISTS));
	files_remove_tree(directory, NULL);
}

static void a_make_around_us_is_not_heard(void **state)
{
	g_autofree char *directory =
		prepare("late.o module.o module.lds:\n\techo '$(CC)$(V)' >$(M)/$@\n");
	g_autofree char *object = NULL;

	g_setenv("MAKEFLAGS", "n -- V=1", TRUE);
	assert_true(compile(directory, NULL));
	g_unsetenv("MAKEFLAGS");
	object = read_result(directory, "late.o");
	assert_string_equal(object, "some-cc\n");
	files_remove_tree(directory, NULL);
}

/* A kernel that was prepared by a klatch with another late/ gets the present one. */
static void another_kernel_side_is_compiled_again(void **state)
{
	g_autofree char *directory =
		prepare("late.o module.o module.lds:\n\techo compiled >>$(M)/$@\n");
	g_autofree char *source = g_build_filename(directory, "source", NULL);
	g_autofree char *late = g_build_filename(directory, "late", NULL);
	g_autofree char *digest = g_build_filename(late, "digest", NULL);
	g_autofree char *object = g_build_filename(late, "late.o", NULL);
	const struct kernel kernel = {
		.release = "6.1.0-0-none",
		.source = source,
		.build = "/the/build",
		.compiler = "some-cc",
		.late = late,
	};

	g_setenv("KLATCH_CACHE", directory, TRUE);
	assert_true(compile(directory, NULL));
	assert_int_equal(g_unlink(object), 0);
	assert_true(runtime_renew(&kernel, NULL));
	assert_false(g_file_test(object, G_FILE_TEST_EXISTS));

	assert_true(g_file_set_contents(digest, "of other sources", -1, NULL));
	assert_true(runtime_renew(&kernel, NULL));
	assert_true(g_file_test(object, G_FILE_TEST_EXISTS));
	g_unsetenv("KLATCH_CACHE");
	files_remove_tree(directory, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_stay_and_the_rest_goes),
		cmocka_unit_test(a_failure_tells_what_make_said),
		cmocka_unit_test(a_make_around_us_is_not_heard),
		cmocka_unit_test(another_kernel_side_is_compiled_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
