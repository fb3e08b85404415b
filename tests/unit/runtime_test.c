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

/* A kernel with the source tree that was made, in a directory that is also the cache. */
static void open_kernel(const char *directory, struct kernel *kernel)
{
	*kernel = (struct kernel){
		.release = "6.1.0-0-none",
		.build = "/the/build",
		.compiler = "some-cc",
		.source = g_build_filename(directory, "source", NULL),
		.late = g_build_filename(directory, "late", NULL),
	};
	g_setenv("KLATCH_CACHE", directory, TRUE);
}

static void close_kernel(struct kernel *kernel, const char *directory)
{
	g_free(kernel->source);
	g_free(kernel->late);
	g_unsetenv("KLATCH_CACHE");
	files_remove_tree(directory, NULL);
}

static char *read_result(const struct kernel *kernel, const char *name)
{
	g_autofree char *path = g_build_filename(kernel->late, name, NULL);
	char *text = NULL;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

static guint count_files(const char *directory)
{
	g_autoptr(GDir) left = g_dir_open(directory, 0, NULL);
	guint count = 0;

	while (g_dir_read_name(left))
		count++;
	return count;
}

static void results_stay_and_the_rest_goes(void **state)
{
	g_autofree char *directory =
		prepare("late.o shadow.o probe.o module.o module.lds:\n"
			"\ttest -f $(M)/Kbuild -a -f $(M)/core.c -a -f $(M)/klatch.h\n"
			"\techo '$@ $(CC) $(KERNELRELEASE) $(O) $(CURDIR)' >$(M)/$@\n");
	g_autofree char *late = g_build_filename(directory, "late", NULL);
	g_autofree char *object = NULL, *script = NULL, *expected = NULL;
	struct kernel kernel;

	open_kernel(directory, &kernel);
	assert_true(runtime_renew(&kernel, NULL));
	object = read_result(&kernel, "late.o");
	expected = g_strdup_printf("late.o some-cc 6.1.0-0-none /the/build %s/source\n", directory);
	assert_string_equal(object, expected);
	script = read_result(&kernel, "module.lds");
	assert_true(g_str_has_prefix(script, "module.lds "));
	assert_int_equal(count_files(kernel.late), 5);
	assert_int_equal(count_files(late), 1);
	close_kernel(&kernel, directory);
}

static void a_failure_tells_what_make_said(void **state)
{
	g_autofree char *directory = prepare("late.o:\n\t@echo no such compiler >&2; false\n");
	g_autoptr(GError) error = NULL;
	struct kernel kernel;

	open_kernel(directory, &kernel);
	assert_false(runtime_renew(&kernel, &error));
	assert_int_equal(error->code, KLATCH_ENVIRONMENT);
	assert_non_null(strstr(klatch_error_reason(error)->why, "no such compiler"));
	assert_int_equal(count_files(kernel.late), 0);
	close_kernel(&kernel, directory);
}

static void a_make_around_us_is_not_heard(void **state)
{
	g_autofree char *directory = prepare(
		"late.o shadow.o probe.o module.o module.lds:\n\techo '$(CC)$(V)' >$(M)/$@\n");
	g_autofree char *object = NULL;
	struct kernel kernel;

	open_kernel(directory, &kernel);
	g_setenv("MAKEFLAGS", "n -- V=1", TRUE);
	assert_true(runtime_renew(&kernel, NULL));
	g_unsetenv("MAKEFLAGS");
	object = read_result(&kernel, "late.o");
	assert_string_equal(object, "some-cc\n");
	close_kernel(&kernel, directory);
}

/* What another klatch compiled stays beside it, and what is there is not compiled again. */
static void each_kernel_side_is_compiled_once(void **state)
{
	g_autofree char *directory = prepare(
		"late.o shadow.o probe.o module.o module.lds:\n\techo compiled >>$(M)/../../$@\n"
		"\ttouch $(M)/$@\n");
	g_autofree char *other = g_build_filename(directory, "late", "0123456789abcdef", NULL);
	g_autofree char *count = g_build_filename(directory, "late.o", NULL);
	g_autofree char *text = NULL;

	assert_int_equal(g_mkdir_with_parents(other, 0755), 0);
	for (int i = 0; i < 2; i++) {
		struct kernel kernel;

		open_kernel(directory, &kernel);
		assert_true(runtime_renew(&kernel, NULL));
		assert_string_not_equal(kernel.late, other);
		g_free(kernel.source);
		g_free(kernel.late);
	}
	assert_true(g_file_get_contents(count, &text, NULL, NULL));
	assert_string_equal(text, "compiled\n");
	assert_true(g_file_test(other, G_FILE_TEST_IS_DIR));
	g_unsetenv("KLATCH_CACHE");
	files_remove_tree(directory, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_stay_and_the_rest_goes),
		cmocka_unit_test(a_failure_tells_what_make_said),
		cmocka_unit_test(a_make_around_us_is_not_heard),
		cmocka_unit_test(each_kernel_side_is_compiled_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
