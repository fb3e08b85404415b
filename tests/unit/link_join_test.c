/*
 * Joining in the object model against what a linker makes of the same objects: programs that run.
 */
#include <string.h>

#include "base/error.h"
#include "help.h"
#include "link/join.h"

static const char first[] = "#include <stdio.h>\n"
			    "int shared = 5, zeros[3];\n"
			    "int second(int);\n"
			    "static const char *const text = \"first\";\n"
			    "static int counter = 10;\n"
			    "static int __attribute__((noinline)) step(int x)\n"
			    "{ static int calls; calls++; return counter += x + calls; }\n"
			    "int main(void)\n"
			    "{ printf(\"%s %d %d \", text, step(1), step(1));\n"
			    "  printf(\"%d %d\\n\", second(2), zeros[2]); }\n";

static const char second[] =
	"#include <stdio.h>\n"
	"extern int shared, zeros[3];\n"
	"static const char *const text = \"second\";\n"
	"static int counter = 100;\n"
	"static int __attribute__((noinline)) step(int x)\n"
	"{ static int calls[2] = {1, 2}; return counter += x + calls[x & 1]; }\n"
	"int second(int x)\n"
	"{ printf(\"%s %d \", text, step(x)); return zeros[2] = shared; }\n";

static struct object *compiled(const char *directory, const char *file, const char *source)
{
	g_autofree char *path = compile(directory, file, source, "-O1", "-fno-pic",
					"-ffunction-sections", "-fdata-sections", NULL);
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

static struct object *joined(const char *directory)
{
	AUTO(object) one = compiled(directory, "first.c", first);
	AUTO(object) two = compiled(directory, "second.c", second);
	struct object *into = object_new("joined");
	g_autoptr(GError) error = NULL;

	join_object(into, one, &error);
	assert_no_error(error);
	join_object(into, two, &error);
	assert_no_error(error);
	return into;
}

static void test_joined_program_runs(void **state)
{
	AUTO(object) object = joined(*state);
	g_autofree char *path = path_in(*state, "joined.o");
	g_autoptr(GError) error = NULL;

	object_write(object, path, &error);
	assert_no_error(error);
	g_free(output_of(*state, "gcc", "-no-pie", "-o", "program", "joined.o", NULL));
	g_free(output_of(*state, "gcc", "-no-pie", "-o", "linked", "first.o", "second.o", NULL));
	g_autofree char *said = output_of(*state, "./program", NULL);
	g_autofree char *expected = output_of(*state, "./linked", NULL);
	assert_string_equal(said, expected);
	assert_non_null(strstr(said, "second 103"));
}

/* The kernel's loader makes a file in sysfs for each section: two of a name would collide. */
static void test_section_names_are_unique(void **state)
{
	AUTO(object) object = joined(*state);
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < object->sections->len; i++) {
		const struct section *section = object_section_at(object, i);

		assert_true(g_hash_table_add(names, section->name));
		assert_true(section->flags & SHF_ALLOC);
	}
	assert_true(g_hash_table_contains(names, ".text.step"));
}

static void test_symbol_of_two_definitions_is_refused(void **state)
{
	AUTO(object) one = compiled(*state, "one.c", "int twice(void) { return 1; }");
	AUTO(object) two = compiled(*state, "two.c", "int twice(void) { return 2; }");
	AUTO(object) into = object_new("joined");
	g_autoptr(GError) error = NULL;

	assert_true(join_object(into, one, NULL));
	assert_false(join_object(into, two, &error));
	assert_error(&error, KLATCH_REFUSED, "twice is defined in two of them");
}

/* What nothing refers to would have to be exported for nothing. */
static void test_unused_undefined_symbols_are_dropped(void **state)
{
	AUTO(object) from = compiled(*state, "uses.c", "void used(void); void f(void) { used(); }");
	AUTO(object) into = object_new("joined");

	object_add_undefined(from, "unused");
	assert_true(join_object(into, from, NULL));
	assert_non_null(object_symbol(into, "used"));
	assert_null(object_symbol(into, "unused"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_joined_program_runs),
		cmocka_unit_test(test_section_names_are_unique),
		cmocka_unit_test(test_symbol_of_two_definitions_is_refused),
		cmocka_unit_test(test_unused_undefined_symbols_are_dropped),
	};

	return cmocka_run_group_tests_name("link: joining", tests, make_directory,
					   remove_directory);
}
