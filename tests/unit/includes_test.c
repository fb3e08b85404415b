/*
 * Which units may include a header, asked of a small source and build tree.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "tree/includes.h"

/* The trees: each file with its text. */
static const struct {
	const char *path, *text;
} tree[] = {
	{"source/include/linux/core.h", "/* comment */ \n #\tinclude <linux/deep.h>\n"},
	{"source/include/linux/deep.h", "int deep;\n"},
	{"source/include/linux/forced.h", "#include <linux/very_deep.h>\n"},
	{"source/include/linux/very_deep.h", "int very_deep;\n"},
	{"source/include/asm-generic/x.h", "int x;\n"},
	{"source/drivers/a/core.h", "int a;\n"},
	{"source/drivers/a/a.c", "#include \"core.h\"\n#include <asm/x.h>\n"},
	{"source/drivers/b/core.h", "int b;"},
	{"source/drivers/b/b.c", "int x;\n#include \"core.h\""},
	/* by -I of its own */
	{"source/drivers/c/c.c", "#include <core.h>\n#include \"core.h\"\n"},
	/* never true, and behind "..", */
	{"source/drivers/d/d.c", "#if 0\n#  include \"../b/../b/core.h\"\n#endif\n"},
	/* through a macro */
	{"source/drivers/e/e.c", "#define HEADER <linux/deep.h>\n#include HEADER\n"},
	/* through a generated header that is found by -I */
	{"source/drivers/f/f.c", "#include \"made.h\"\n"},
	{"build/drivers/f/made.h", "#include \"linux/deep.h\"\n"},
	{"build/arch/x86/include/generated/asm/x.h", "#include <asm-generic/x.h>\n"},
	/* a unit in a unit */
	{"source/drivers/g/g.c", "#include \"../a/a.c\"\n"},
	/* in circles */
	{"source/drivers/h/one.h", "#include \"two.h\"\n"},
	{"source/drivers/h/two.h", "#include \"one.h\"\n#include <linux/core.h>\n"},
	{"source/drivers/h/h.c", "#include \"one.h\"\n"},
	/* the directory that the unit's own options name leads on */
	{"source/drivers/i/i.c", "#include <shared.h>\n"},
	{"source/drivers/i/shared.h", "#include \"local.h\"\n"},
	{"source/drivers/j/local.h", "int j;\n"},
	/* an external directory: its own header, one of the kernel, one with a common name */
	{"external/drivers/x/own.h", "#include <linux/core.h>\n"},
	{"external/drivers/x/x.c", "#include \"own.h\"\n#include \"core.h\"\n"},
	{"external/drivers/x/core.h", "int x;\n"},
};

/* What each unit's command has besides its own directory. */
static const struct {
	const char *name, *options;
} units[] = {
	{"a", ""}, {"b", ""}, {"c", " -I%s/drivers/a"},
	{"d", ""}, {"e", ""}, {"f", ""},
	{"g", ""}, {"h", ""}, {"i", " -I %s/drivers/i/../i -I%s/drivers/j"},
	{"x", ""},
};

static void write_commands(const char *directory, const char *source)
{
	g_autoptr(GString) text = g_string_new("klatch commands 1\n");

	g_string_append_printf(
		text,
		"compile\tgcc -I%s/include -I./include "
		"-I./arch/x86/include/generated -include %s/include/linux/forced.h\n",
		source, source);
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		const char *name = units[i].name;
		g_autoptr(GString) options = g_string_new(units[i].options);

		g_string_replace(options, "%s", source, 0);
		g_string_append_printf(text,
				       "unit\tdrivers/%s/%s.o\tdrivers/%s/%s.c\tvmlinux\t0\t"
				       "-I %s/drivers/%s -I ./drivers/%s%s %s/drivers/%s/%s.c\t-\n",
				       name, name, name, name, source, name, name, options->str,
				       source, name, name);
	}
	write_text(directory, "commands", text->str);
}

struct fixture {
	struct commands *commands;
	struct includes *includes;
};

static void make_fixture(struct fixture *fixture, const char *directory)
{
	struct kernel kernel = {
		.source = path_in(directory, "source"),
		.build = path_in(directory, "build"),
		.commands = path_in(directory, "commands"),
		.includes = path_in(directory, "includes"),
	};
	g_autoptr(GError) error = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(tree); i++) {
		g_autofree char *path = path_in(directory, tree[i].path);
		g_autofree char *parent = g_path_get_dirname(path);

		assert_true(files_make_directory(parent, NULL));
		write_text(directory, tree[i].path, tree[i].text);
	}
	/* links that a build tree has */
	g_free(output_of(directory, "ln", "-s", kernel.source, "build/source", NULL));
	g_free(output_of(directory, "ln", "-s", "nowhere", "build/broken.h", NULL));
	write_commands(directory, kernel.source);
	includes_make(kernel.source, kernel.build, kernel.includes, &error);
	assert_no_error(error);
	fixture->commands = commands_open(&kernel, &error);
	assert_no_error(error);
	fixture->includes = includes_open(&kernel, &error);
	assert_no_error(error);
	g_free(kernel.source);
	g_free(kernel.build);
	g_free(kernel.commands);
	g_free(kernel.includes);
}

static void clear_fixture(struct fixture *fixture)
{
	commands_free(fixture->commands);
	includes_free(fixture->includes);
}
#define AUTO_FIXTURE __attribute__((cleanup(clear_fixture))) struct fixture

/* Fails unless the units that may include a file are these, each named by one letter. */
static void assert_units(const struct fixture *fixture, const char *header, const char *expected)
{
	g_autoptr(GPtrArray) found =
		includes_units(fixture->includes, fixture->commands, header, NULL);
	g_autoptr(GString) names = g_string_new(NULL);

	for (guint i = 0; i < found->len; i++) {
		const struct unit *unit = g_ptr_array_index(found, i);

		g_string_append_c(names, unit->source[strlen("drivers/")]);
	}
	if (strcmp(names->str, expected))
		fail_msg("%s: units '%s', not '%s'", header, names->str, expected);
}

static void test_units_that_include(void **state)
{
	AUTO_FIXTURE fixture;

	make_fixture(&fixture, *state);
	assert_units(&fixture, "include/linux/deep.h", "efh");
	assert_units(&fixture, "include/linux/core.h", "h");
	assert_units(&fixture, "include/asm-generic/x.h", "ag");
	assert_units(&fixture, "drivers/a/core.h", "acg");
	assert_units(&fixture, "drivers/b/core.h", "bd");
	assert_units(&fixture, "drivers/j/local.h", "i");
	assert_units(&fixture, "drivers/h/two.h", "h");
	/* by -include */
	assert_units(&fixture, "include/linux/forced.h", "abcdefghix");
	assert_units(&fixture, "include/linux/very_deep.h", "abcdefghix");
	/* a unit is compiled from itself */
	assert_units(&fixture, "drivers/b/b.c", "b");
	assert_units(&fixture, "drivers/a/a.c", "ag");
}

static void test_headers_that_are_not_there_yet(void **state)
{
	AUTO_FIXTURE fixture;

	make_fixture(&fixture, *state);
	assert_units(&fixture, "drivers/i/local.h", "i");
	assert_units(&fixture, "drivers/f/made.h", "f");
	assert_units(&fixture, "include/core.h", "c");
	assert_units(&fixture, "drivers/z/core.h", "");
	assert_units(&fixture, "made.h", "");
}

/* Added to an index, a directory is found, and what was found before still is. */
static void test_external_directory(void **state)
{
	AUTO_FIXTURE fixture;
	g_autofree char *former = path_in(*state, "includes");
	g_autofree char *tree_path = path_in(*state, "external");
	g_autofree char *source = path_in(*state, "source");
	const struct kernel kernel = {.includes = former, .source = source};
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	includes_free(fixture.includes);
	includes_make_external(former, tree_path, "drivers/x", former, &error);
	assert_no_error(error);
	fixture.includes = includes_open(&kernel, &error);
	assert_no_error(error);
	assert_units(&fixture, "drivers/x/own.h", "x");
	assert_units(&fixture, "drivers/x/core.h", "x");
	assert_units(&fixture, "include/linux/core.h", "hx");
	assert_units(&fixture, "include/linux/deep.h", "efhx");
	assert_units(&fixture, "drivers/a/core.h", "acg");
}

static void test_damaged_index(void **state)
{
	static const char *const texts[] = {"", "klatch includes 0\n",
					    "klatch includes 1\nother\tx\n",
					    "klatch includes 1\nname\t\t\t\n"};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *path = path_in(*state, "includes");
		const struct kernel kernel = {.includes = path, .source = path};
		g_autoptr(GError) error = NULL;

		assert_true(files_write(path, texts[i], strlen(texts[i]), NULL));
		assert_null(includes_open(&kernel, &error));
		assert_error(&error, KLATCH_ENVIRONMENT, "damaged");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
		TEST(test_units_that_include),
		TEST(test_headers_that_are_not_there_yet),
		TEST(test_external_directory),
		TEST(test_damaged_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
