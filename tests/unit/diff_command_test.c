/*
 * klatch diff as a user runs it: exit codes, the table, the JSON object.
 */
#include <string.h>

#include "help.h"

#define FLAGS                                                                                      \
	"-O2", "-ffunction-sections", "-fdata-sections", "-pg", "-mfentry", "-mrecord-mcount",     \
		"-fno-pic", "-fno-asynchronous-unwind-tables"

#define COMPILE(name, source) g_free(compile(*state, name ".c", source, FLAGS, NULL))
#define RUN(output, ...)      run_command(*state, command_diff, (char *[]){__VA_ARGS__, NULL}, output)

static const char plain[] = "int g; int f(int x) { return x + g; }";
static const char other[] = "int g; int f(int x) { return x - g; }";
static const char valued[] = "int g = 1; int f(int x) { return x + g; }";

static int make_objects(void **state)
{
	if (make_directory(state))
		return -1;
	COMPILE("plain", plain);
	COMPILE("other", other);
	COMPILE("valued", valued);
	return 0;
}

/* Runs it on two of the objects, for kernel 6.1. */
static int run_on(void **state, const char *original, const char *patched, gboolean json,
		  char **output)
{
	g_autofree char *first = path_in(*state, original);
	g_autofree char *second = path_in(*state, patched);

	return RUN(output, "diff", "-k", "6.1.0-56-amd64", first, second, json ? "--json" : NULL);
}

static JsonObject *parsed(const char *text, JsonParser *parser)
{
	assert_true(json_parser_load_from_data(parser, text, -1, NULL));
	return json_node_get_object(json_parser_get_root(parser));
}

static void changed(void **state)
{
	g_autofree char *output = NULL;

	assert_int_equal(run_on(state, "plain.o", "other.o", FALSE, &output), EXIT_DONE);
	assert_non_null(strstr(output, "changed  code differs at +0x"));
}

static void changed_as_json(void **state)
{
	g_autofree char *output = NULL;
	g_autoptr(JsonParser) parser = json_parser_new();

	assert_int_equal(run_on(state, "plain.o", "other.o", TRUE, &output), EXIT_DONE);
	JsonObject *root = parsed(output, parser);
	JsonArray *functions = json_object_get_array_member(root, "functions");
	assert_int_equal(json_array_get_length(functions), 1);
	JsonObject *function = json_array_get_object_element(functions, 0);
	assert_string_equal(json_object_get_string_member(root, "status"), "changed");
	assert_string_equal(json_object_get_string_member(function, "name"), "f");
	assert_string_equal(json_object_get_string_member(function, "change"), "changed");
	assert_true(json_object_has_member(function, "why"));
	assert_true(json_object_has_member(root, "seconds"));
}

static void refused(void **state)
{
	g_autofree char *output = NULL;

	assert_int_equal(run_on(state, "plain.o", "valued.o", FALSE, &output), EXIT_REFUSED);
	assert_non_null(strstr(output, "valued.c: g: data g changed"));
}

static void refused_as_json(void **state)
{
	g_autofree char *output = NULL;
	g_autoptr(JsonParser) parser = json_parser_new();

	assert_int_equal(run_on(state, "plain.o", "valued.o", TRUE, &output), EXIT_REFUSED);
	JsonObject *root = parsed(output, parser);
	JsonArray *refusals = json_object_get_array_member(root, "refusals");
	assert_int_equal(json_array_get_length(refusals), 1);
	assert_string_equal(json_object_get_string_member(root, "status"), "refused");
	assert_string_equal(
		json_object_get_string_member(json_array_get_object_element(refusals, 0), "what"),
		"data g changed");
}

static void unchanged(void **state)
{
	g_autofree char *output = NULL;

	assert_int_equal(run_on(state, "plain.o", "plain.o", FALSE, &output), EXIT_UNCHANGED);
	assert_string_equal(output, "nothing changes\n");
}

static void cannot_run(void **state)
{
	g_autofree char *no_file = NULL, *no_object = NULL, *no_release = NULL;
	g_autofree char *path = path_in(*state, "plain.o");

	assert_int_equal(run_on(state, "plain.o", "nonesuch.o", FALSE, &no_file), EXIT_CANNOT);
	assert_non_null(strstr(no_file, "nonesuch.o"));
	assert_int_equal(RUN(&no_object, "diff", path), EXIT_CANNOT);
	assert_non_null(strstr(no_object, "two objects are needed"));
	assert_int_equal(RUN(&no_release, "diff", "-k", "newest", path, path), EXIT_CANNOT);
	assert_non_null(strstr(no_release, "newest is no release"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changed),   cmocka_unit_test(changed_as_json),
		cmocka_unit_test(refused),   cmocka_unit_test(refused_as_json),
		cmocka_unit_test(unchanged), cmocka_unit_test(cannot_run),
	};

	return cmocka_run_group_tests_name("diff command", tests, make_objects, remove_directory);
}
