/*
 * What commands share, and klatch kernel as far as it needs no kernel.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "cmd/command.h"
#include "help.h"
#include "kernel/kernel.h"

#define RUN(output, ...) run_command(*state, command_kernel, (char *[]){__VA_ARGS__, NULL}, output)

static int make_cache(void **state)
{
	if (make_directory(state))
		return -1;
	g_setenv("KLATCH_CACHE", *state, TRUE);
	return 0;
}

static void test_wrong_arguments(void **state)
{
	static char *const wrong[][5] = {
		{"kernel", NULL},
		{"kernel", "prepare", NULL},
		{"kernel", "rm", NULL},
		{"kernel", "list", "6.1.0-56-amd64", NULL},
		{"kernel", "list", "--nonesuch", NULL},
		{"kernel", "list", "--packages=.", NULL},
		{"kernel", "list", "--modules=.", NULL},
		{"kernel", "add", "6.1.0-56-amd64", "--name=kt", NULL},
		{"kernel", "add", "not-a-release", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *output = NULL;

		assert_int_equal(run_command(*state, command_kernel, (char **)wrong[i], &output),
				 EXIT_CANNOT);
		assert_non_null(strstr(output, "klatch: "));
	}
}

static void test_kernels_listed_and_removed(void **state)
{
	g_autofree char *directory = kernel_directory("6.1.0-56-amd64");
	AUTO(kernel) kernel = kernel_new("6.1.0-56-amd64", "6.1.192-2", "gcc-12 (D) 12", directory);
	g_autofree char *none = NULL, *text = NULL, *json = NULL, *removed = NULL, *again = NULL;

	assert_int_equal(RUN(&none, "kernel", "list", "--json"), EXIT_DONE);
	assert_string_equal(none, "{\"kernels\":[]}\n");
	assert_true(files_make_directory(directory, NULL));
	assert_true(kernel_save(kernel, NULL));

	assert_int_equal(RUN(&text, "kernel", "list"), EXIT_DONE);
	assert_non_null(strstr(text, "6.1.192-2"));
	assert_int_equal(RUN(&json, "kernel", "list", "--json"), EXIT_DONE);
	g_autoptr(JsonNode) root = json_from_string(json, NULL);
	JsonArray *kernels = json_object_get_array_member(json_node_get_object(root), "kernels");
	JsonObject *listed = json_array_get_object_element(kernels, 0);
	assert_string_equal(json_object_get_string_member(listed, "release"), "6.1.0-56-amd64");
	assert_string_equal(json_object_get_string_member(listed, "directory"), directory);

	assert_int_equal(RUN(&removed, "kernel", "rm", "6.1.0-56-amd64"), EXIT_DONE);
	assert_int_equal(RUN(&again, "kernel", "rm", "6.1.0-56-amd64"), EXIT_CANNOT);
	assert_non_null(strstr(again, "not in the cache"));
}

/* Says what differs and leaves nothing behind. */
static void test_add_refused(void **state)
{
	g_autofree char *packages = path_in(*state, "empty");
	g_autofree char *kernels = path_in(*state, "kernels");
	g_autofree char *output = NULL;
	g_autoptr(GDir) left = NULL;

	assert_true(files_make_directory(packages, NULL));
	assert_true(files_make_directory(kernels, NULL));
	assert_int_equal(RUN(&output, "kernel", "add", "6.1.0-56-amd64", "--packages", packages),
			 EXIT_CANNOT);
	assert_non_null(strstr(output, "there is no linux-image-6.1.0-56-amd64"));
	left = g_dir_open(kernels, 0, NULL);
	assert_null(g_dir_read_name(left));
}

static void test_error_as_json(void **state)
{
	g_autoptr(GError) error = NULL;

	klatch_fail(&error, KLATCH_REFUSED, "it can't be", "a.c:1", NULL, "because of \"%s\"",
		    "\xff");
	g_autoptr(JsonNode) node = command_error_json(error);
	JsonObject *object = json_node_get_object(node);
	assert_string_equal(json_object_get_string_member(object, "what"), "it can't be");
	assert_string_equal(json_object_get_string_member(object, "where"), "a.c:1");
	assert_false(json_object_has_member(object, "hint"));
	const char *why = json_object_get_string_member(object, "why");
	assert_true(g_utf8_validate(why, -1, NULL));
	assert_true(g_str_has_prefix(why, "because of \""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_cache, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wrong_arguments),
		TEST(test_kernels_listed_and_removed),
		TEST(test_add_refused),
		TEST(test_error_as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
