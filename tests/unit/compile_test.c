/*
 * Units compiled by real commands over a small tree.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "compile/compile.h"
#include "help.h"

/* A kernel of a few files, its objtool a script that leaves its mark behind. */
struct fixture {
	const char *directory;
	struct kernel kernel;
	struct commands *commands;
	struct overlay *overlay;
};

static const char unit_text[] = "#include \"header.h\"\n"
				"const char *file(void) { return __FILE__; }\n"
				"int line(void) { return __LINE__; }\n"
				"int changed(int x)\n{\n\treturn x + HEADER;\n}\n"
				"int jump(void)\n{\n"
				"\tasm goto(\"1: jmp %l[there]\\n.pushsection __jump_table\\n\"\n"
				"\t\t\".popsection\" : : : : there);\n"
				"\treturn 1;\nthere:\n\treturn 2;\n}\n";

static const char *const tree[][2] = {
	{"source/drivers/unit.c", unit_text},
	{"source/drivers/header.h", "#define HEADER 1\n"},
	{"source/broken.c", "int x = MISSING;\nint y;\n"},
	{"source/u/u.c", "#include \"../x/x.h\"\nint u = VALUE;\n"},
	{"source/x/x.h", "#include \"../p/p.h\"\n"},
	{"source/p/p.h", "#define VALUE 1\n"},
	{"build/objtool", "#!/bin/sh\nfor file; do :; done\necho \"$@\" >$file.ran\n"},
};

static void write_commands(const char *directory, const char *source)
{
	static const char *const sources[] = {"drivers/unit.c", "broken.c", "u/u.c", "x/../u/u.c"};
	g_autoptr(GString) text = g_string_new("klatch commands 1\n");

	g_string_append_printf(text,
			       "compile\tgcc -O2 -g -Werror=return-type -I%s/include "
			       "-fmacro-prefix-map=%s/=\nobjtool\t./objtool --orc\n",
			       source, source);
	for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
		g_string_append_printf(text, "unit\tunit.o\t%s\tvmlinux\t0\t%s/%s\t%s\n",
				       sources[i], source, sources[i], i ? "-" : "0");
	write_text(directory, "commands", text->str);
}

static void make_fixture(struct fixture *fixture, const char *directory)
{
	g_autoptr(GError) error = NULL;

	*fixture = (struct fixture){
		.directory = directory,
		.kernel = {.source = path_in(directory, "source"),
			   .build = path_in(directory, "build"),
			   .compiler = g_strdup("gcc"),
			   .commands = path_in(directory, "commands")},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(tree); i++) {
		g_autofree char *path = path_in(directory, tree[i][0]);
		g_autofree char *parent = g_path_get_dirname(path);

		assert_true(files_make_directory(parent, NULL));
		write_text(directory, tree[i][0], tree[i][1]);
	}
	g_free(output_of(directory, "chmod", "+x", "build/objtool", NULL));
	write_commands(directory, fixture->kernel.source);
	fixture->commands = commands_open(&fixture->kernel, &error);
	assert_no_error(error);
}

static void clear_fixture(struct fixture *fixture)
{
	g_free(fixture->kernel.source);
	g_free(fixture->kernel.build);
	g_free(fixture->kernel.compiler);
	g_free(fixture->kernel.commands);
	commands_free(fixture->commands);
	if (fixture->overlay)
		overlay_free(fixture->overlay);
}
#define AUTO_FIXTURE __attribute__((cleanup(clear_fixture))) struct fixture

/* Applies a patch and compiles the units of a source. */
static GPtrArray *compile_patched(struct fixture *fixture, const char *patch, const char *source,
				  gboolean types, GError **error)
{
	g_autofree char *directory = path_in(fixture->directory, "overlay");
	g_autofree char *objects = path_in(fixture->directory, "objects");
	g_autofree char *file = path_in(fixture->directory, "fix.patch");
	const char *patches[] = {file, NULL};
	g_autoptr(GPtrArray) units = commands_of_source(fixture->commands, source);

	assert_int_equal(units->len, 1);
	assert_true(files_write(file, patch, strlen(patch), NULL));
	fixture->overlay = overlay_new(&fixture->kernel, patches, directory, error);
	assert_no_error(*error);
	return compile_units(&fixture->kernel, fixture->overlay, units, types, objects, error);
}

static char *disassembly(const char *object, const char *function)
{
	g_autofree char *only = g_strdup_printf("--disassemble=%s", function);
	char *text = output_of(".", "objdump", "-dr", only, object, NULL);
	char *start = strstr(text, ">:\n");

	assert_non_null(start);
	char *code = g_strdup(start);
	g_free(text);
	return code;
}

static char *headers(const char *object)
{
	return output_of(".", "objdump", "-h", object, NULL);
}

/* A patch of the unit: a line more in front, and another value returned. */
#define PATCH(value)                                                                               \
	"--- a/drivers/unit.c\n+++ b/drivers/unit.c\n@@ -1,9 +1,10 @@\n"                           \
	" #include \"header.h\"\n+\n const char *file(void) { return __FILE__; }\n"                \
	" int line(void) { return __LINE__; }\n int changed(int x)\n {\n"                          \
	"-\treturn x + HEADER;\n+\treturn " value ";\n }\n int jump(void)\n {\n"

static const char longer[] = PATCH("x + HEADER + 1");

static void test_three_objects(void **state)
{
	static const char *const same[] = {"file", "line", "jump"};
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	g_autoptr(GPtrArray) compiled =
		compile_patched(&fixture, longer, "drivers/unit.c", FALSE, &error);
	assert_no_error(error);
	assert_int_equal(compiled->len, 1);
	const struct compiled *unit = g_ptr_array_index(compiled, 0);

	for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
		g_autofree char *before = disassembly(unit->original, same[i]);
		g_autofree char *after = disassembly(unit->patched, same[i]);
		assert_string_equal(before, after);
	}
	g_autofree char *before = disassembly(unit->original, "changed");
	g_autofree char *after = disassembly(unit->patched, "changed");
	assert_string_not_equal(before, after);

	g_autofree char *stock_headers = headers(unit->stock);
	g_autofree char *original_headers = headers(unit->original);
	assert_null(strstr(stock_headers, ".text.changed"));
	assert_non_null(strstr(original_headers, ".text.changed"));
	assert_null(strstr(original_headers, ".debug_info"));
	assert_null(strstr(stock_headers, ".debug_info"));
}

static void test_objtool_is_run_on_stock(void **state)
{
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	g_autoptr(GPtrArray) compiled =
		compile_patched(&fixture, longer, "drivers/unit.c", TRUE, &error);
	assert_no_error(error);
	const struct compiled *unit = g_ptr_array_index(compiled, 0);
	g_autofree char *stock = g_strconcat(unit->stock, ".ran", NULL);
	g_autofree char *original = g_strconcat(unit->original, ".ran", NULL);
	g_autofree char *arguments = files_read_text(stock, &error);
	g_autofree char *expected = g_strdup_printf("--orc %s\n", unit->stock);

	assert_no_error(error);
	assert_string_equal(arguments, expected);
	assert_false(g_file_test(original, G_FILE_TEST_EXISTS));
	/* here with types */
	g_autofree char *original_headers = headers(unit->original);
	assert_non_null(strstr(original_headers, ".debug_info"));

	assert_true(compile_objtool(&fixture.kernel, unit->unit, unit->original, &error));
	assert_true(g_file_test(original, G_FILE_TEST_EXISTS));
	write_text(fixture.directory, "build/objtool", "#!/bin/sh\necho doubt >&2\n");
	g_free(output_of(fixture.directory, "chmod", "+x", "build/objtool", NULL));
	assert_false(compile_objtool(&fixture.kernel, unit->unit, unit->original, &error));
	assert_error(&error, KLATCH_REFUSED, "doubt");
	write_text(fixture.directory, "build/objtool", "#!/bin/sh\necho no >&2\nexit 3\n");
	g_free(output_of(fixture.directory, "chmod", "+x", "build/objtool", NULL));
	assert_false(compile_objtool(&fixture.kernel, unit->unit, unit->original, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "no");
}

/* The jump that objtool makes a NOP of has the long form where it may be bound late, and only
 * there. */
static void test_jump_labels_are_long(void **state)
{
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	g_autoptr(GPtrArray) compiled =
		compile_patched(&fixture, longer, "drivers/unit.c", FALSE, &error);
	assert_no_error(error);
	const struct compiled *unit = g_ptr_array_index(compiled, 0);
	g_autofree char *stock = disassembly(unit->stock, "jump");
	g_autofree char *original = disassembly(unit->original, "jump");
	g_autofree char *patched = disassembly(unit->patched, "jump");

	assert_non_null(strstr(stock, "\teb "));
	assert_non_null(strstr(original, "\te9 "));
	assert_null(strstr(original, "\teb "));
	assert_non_null(strstr(patched, "\te9 "));
}

static void test_compile_error_is_the_users(void **state)
{
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	assert_null(compile_patched(&fixture, PATCH("y + z"), "drivers/unit.c", FALSE, &error));
	assert_true(g_error_matches(error, KLATCH_ERROR, KLATCH_REFUSED));
	const struct klatch_reason *reason = klatch_error_reason(error);
	assert_string_equal(reason->where, "drivers/unit.c:7");
	if (!g_str_has_prefix(reason->why, "'y' undeclared"))
		fail_msg("%s", reason->why);
	assert_non_null(strstr(reason->why, "\ndrivers/unit.c:7:"));
	assert_non_null(strstr(reason->why, "'z' undeclared"));
}

static void test_error_in_the_original(void **state)
{
	static const char patch[] = "--- a/broken.c\n+++ b/broken.c\n@@ -1,2 +1,2 @@\n"
				    " int x = MISSING;\n-int y;\n+int z;\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	assert_null(compile_patched(&fixture, patch, "broken.c", FALSE, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "broken.c:1");
}

/* Through "..", out of directories that are links in the overlay: by the includes ... */
static void test_patched_header_is_read(void **state)
{
	static const char patch[] = "--- a/p/p.h\n+++ b/p/p.h\n@@ -1 +1 @@\n"
				    "-#define VALUE 1\n+#define VALUE 2\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	g_autoptr(GPtrArray) compiled = compile_patched(&fixture, patch, "u/u.c", FALSE, &error);
	assert_no_error(error);
	const struct compiled *unit = g_ptr_array_index(compiled, 0);
	g_autofree char *before =
		output_of(".", "objdump", "-s", "-j.data.u", unit->original, NULL);
	g_autofree char *after = output_of(".", "objdump", "-s", "-j.data.u", unit->patched, NULL);
	assert_non_null(strstr(before, "01000000"));
	assert_non_null(strstr(after, "02000000"));
}

/* Two units that leave the overlay by one way: the first makes it right for both. */
static void test_two_units_of_one_way(void **state)
{
	static const char patch[] = "--- a/p/p.h\n+++ b/p/p.h\n@@ -1 +1 @@\n"
				    "-#define VALUE 1\n+#define VALUE 2\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	write_text(fixture.directory, "fix.patch", patch);
	g_autofree char *file = path_in(fixture.directory, "fix.patch");
	g_autofree char *directory = path_in(fixture.directory, "overlay");
	g_autofree char *objects = path_in(fixture.directory, "objects");
	const char *patches[] = {file, NULL};
	g_autoptr(GPtrArray) units = commands_of_source(fixture.commands, "u/u.c");
	g_ptr_array_add(units, g_ptr_array_index(units, 0));
	fixture.overlay = overlay_new(&fixture.kernel, patches, directory, &error);
	assert_no_error(error);
	g_autoptr(GPtrArray) compiled =
		compile_units(&fixture.kernel, fixture.overlay, units, FALSE, objects, &error);
	assert_no_error(error);
	for (guint i = 0; i < compiled->len; i++) {
		const struct compiled *unit = g_ptr_array_index(compiled, i);
		g_autofree char *after =
			output_of(".", "objdump", "-s", "-j.data.u", unit->patched, NULL);

		assert_non_null(strstr(after, "02000000"));
	}
}

/* ... and by the command. */
static void test_patched_unit_is_read(void **state)
{
	static const char patch[] = "--- a/u/u.c\n+++ b/u/u.c\n@@ -2 +2 @@\n"
				    "-int u = VALUE;\n+int u = VALUE + 2;\n";
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	g_autoptr(GPtrArray) compiled =
		compile_patched(&fixture, patch, "x/../u/u.c", FALSE, &error);
	assert_no_error(error);
	const struct compiled *unit = g_ptr_array_index(compiled, 0);
	g_autofree char *after = output_of(".", "objdump", "-s", "-j.data.u", unit->patched, NULL);
	assert_non_null(strstr(after, "03000000"));
}

/* Every compile, and nothing else, is run by the launcher. */
static void test_launcher(void **state)
{
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	write_text(fixture.directory, "launcher",
		   "#!/bin/sh\necho \"$1\" >> \"$0.log\"\nexec \"$@\"\n");
	g_free(output_of(fixture.directory, "chmod", "+x", "launcher", NULL));
	g_autofree char *launcher = g_build_filename(fixture.directory, "launcher", NULL);
	g_setenv("KLATCH_CC_LAUNCHER", launcher, TRUE);
	g_autoptr(GPtrArray) compiled =
		compile_patched(&fixture, longer, "drivers/unit.c", FALSE, &error);
	g_unsetenv("KLATCH_CC_LAUNCHER");
	assert_no_error(error);
	g_autofree char *log = g_strconcat(launcher, ".log", NULL);
	g_autofree char *text = files_read_text(log, &error);
	g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
	assert_int_equal(g_strv_length(lines), COMPILE_NR_KINDS);
	assert_string_equal(lines[0], "gcc");
	/* who runs elsewhere has no wrapper of the assembler, yet the code is the same */
	const struct compiled *unit = g_ptr_array_index(compiled, 0);
	g_autofree char *stock = disassembly(unit->stock, "jump");
	g_autofree char *original = disassembly(unit->original, "jump");
	g_autofree char *patched = disassembly(unit->patched, "jump");
	assert_non_null(strstr(stock, "\teb "));
	assert_non_null(strstr(original, "\te9 "));
	assert_non_null(strstr(patched, "\te9 "));
}

/* Of a kernel that was moved, or is reached by another path: not "nothing changes". */
static void test_source_in_another_place(void **state)
{
	AUTO_FIXTURE fixture;
	g_autoptr(GError) error = NULL;

	make_fixture(&fixture, *state);
	g_free(output_of(*state, "ln", "-s", "source", "other", NULL));
	g_free(fixture.kernel.source);
	fixture.kernel.source = path_in(*state, "other");
	assert_null(compile_patched(&fixture, longer, "drivers/unit.c", FALSE, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "another place");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
		TEST(test_three_objects),
		TEST(test_objtool_is_run_on_stock),
		TEST(test_jump_labels_are_long),
		TEST(test_compile_error_is_the_users),
		TEST(test_error_in_the_original),
		TEST(test_patched_header_is_read),
		TEST(test_two_units_of_one_way),
		TEST(test_patched_unit_is_read),
		TEST(test_launcher),
		TEST(test_source_in_another_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
