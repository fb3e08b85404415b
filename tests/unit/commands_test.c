/*
 * The database of commands out of what make -n says; the sample has each shape that Kbuild writes.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "tree/commands.h"
#include "tree/recipes.h"

static struct recipes *read_sample(const char *build)
{
	struct recipes *recipes = recipes_new("/src/linux", build, "gcc-12");
	g_autofree char *text = files_read_text("tests/cases/commands/make", NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (gsize i = 0; lines[i]; i++)
		recipes_line(recipes, lines[i], strlen(lines[i]));
	return recipes;
}

static struct commands *open_text(const char *directory, const char *text, GError **error)
{
	g_autofree char *path = path_in(directory, "commands");
	const struct kernel kernel = {.commands = path};

	assert_true(files_write(path, text, strlen(text), NULL));
	return commands_open(&kernel, error);
}

static struct commands *open_sample(const char *directory)
{
	AUTO(recipes) recipes = read_sample("/src/build");
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) text = recipes_database(recipes, &error);

	assert_no_error(error);
	struct commands *commands = open_text(directory, text->str, &error);
	assert_no_error(error);
	return commands;
}

static const struct unit *only_unit(const struct commands *commands, const char *source)
{
	g_autoptr(GPtrArray) units = commands_of_source(commands, source);

	assert_int_equal(units->len, 1);
	return g_ptr_array_index(units, 0);
}

static void test_units_in_order(void **state)
{
	static const char *const expected[] = {
		"init/main.o vmlinux",
		"arch/x86/lib/memcpy.o vmlinux",
		"arch/x86/entry/vdso/vgetcpu.o -",
		"drivers/net/tun.o tun",
		"fs/big/../common/shared.o big_one",
		"fs/big/../common/shared.o small",
		"fs/big/table.o big_one",
	};
	AUTO(commands) commands = open_sample(*state);
	const GPtrArray *units = commands_units(commands);

	assert_int_equal(units->len, G_N_ELEMENTS(expected));
	for (guint i = 0; i < units->len; i++) {
		const struct unit *unit = g_ptr_array_index(units, i);
		g_autofree char *text =
			g_strdup_printf("%s %s", unit->output, unit->object ? unit->object : "-");

		assert_string_equal(text, expected[i]);
	}
}

static void test_commands_of_a_unit(void **state)
{
	AUTO(commands) commands = open_sample(*state);
	const struct unit *unit = only_unit(commands, "drivers/net/tun.c");

	assert_string_equal(
		unit->compile,
		"gcc-12 -nostdinc -I/src/linux/include -I./include -D__KERNEL__ -O2 -g");
	assert_string_equal(unit->arguments,
			    "-I /src/linux/drivers/net -I ./drivers/net -DMODULE "
			    "-DKBUILD_BASENAME='\"tun\"' -DKBUILD_MODNAME='\"tun\"' "
			    "-DTEXT='\"a b;c\"' /src/linux/drivers/net/tun.c");
	assert_string_equal(unit->objtool, "./tools/objtool/objtool --orc --retpoline   --module");
	assert_false(unit->assembly);

	/* commands run in the build tree, wherever it will be */
	unit = only_unit(commands, "init/main.c");
	assert_non_null(strstr(unit->compile, "-fdebug-prefix-map=.=/x"));
	assert_string_equal(unit->objtool, "./tools/objtool/objtool --orc --retpoline");
	unit = only_unit(commands, "arch/x86/lib/memcpy.S");
	assert_true(unit->assembly);
	assert_null(only_unit(commands, "arch/x86/entry/vdso/vgetcpu.c")->objtool);
}

/* With IBT objtool is run on what units are linked into. */
static void test_objtool_after_the_link(void **state)
{
	static const char *const lines[] = {
		"gcc-12 -D__KERNEL__ -c -o init/a.o /src/linux/init/a.c",
		"printf \"init/%s \" a.o | xargs ar cDPrST init/built-in.a",
		"gcc-12 -D__KERNEL__ -DMODULE -c -o fs/b-one.o /src/linux/fs/b-one.c",
		"printf '%s\\n' b-one.o c.o | awk '{ print(\"fs/\"$0) }' > fs/b-two.mod",
		"ld -r -o fs/b-two.o @fs/b-two.mod ; ./tools/objtool/objtool --ibt  --link  "
		"--module fs/b-two.o",
	};
	AUTO(recipes) recipes = recipes_new("/src/linux", "/src/build", "gcc-12");
	g_autoptr(GError) error = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
		recipes_line(recipes, lines[i], strlen(lines[i]));
	g_autoptr(GString) text = recipes_database(recipes, &error);
	assert_no_error(error);
	AUTO(commands) commands = open_text(*state, text->str, &error);
	assert_no_error(error);
	assert_string_equal(only_unit(commands, "init/a.c")->objtool,
			    "./tools/objtool/objtool --ibt --link");
	assert_string_equal(only_unit(commands, "fs/b-one.c")->objtool,
			    "./tools/objtool/objtool --ibt  --link  --module");
}

static void test_units_of_a_source(void **state)
{
	AUTO(commands) commands = open_sample(*state);
	g_autoptr(GPtrArray) shared = commands_of_source(commands, "fs/common/shared.c");
	g_autoptr(GPtrArray) none = commands_of_source(commands, "fs/common/share");
	g_autoptr(GPtrArray) last = commands_of_source(commands, "zzz");
	const struct unit *first = g_ptr_array_index(shared, 0);

	assert_int_equal(shared->len, 2);
	assert_string_equal(first->object, "big_one");
	assert_int_equal(none->len, 0);
	assert_int_equal(last->len, 0);
	/* what is spelt with ".." is compiled with ".." */
	assert_non_null(strstr(first->arguments, " /src/linux/fs/big/../common/shared.c"));
	/* generated: below the build tree */
	const struct unit *table = only_unit(commands, "fs/big/table.c");
	assert_true(g_str_has_suffix(table->arguments, " fs/big/table.c"));
	/* what units share is there once */
	assert_ptr_equal(table->compile, first->compile);
}

static void test_generators(void **state)
{
	static const char *const expected[] = {
		"init/.stamp.h.tmp",	     "mktable > fs/big/table.c",
		"-o lib/mktable ",	     "lib/table.h",
		"crypto/key.asn1.c",	     "net/certs.c",
		"-o arch/x86/kvm/offsets.s", "< arch/x86/kvm/offsets.s"};

	write_text(*state, "there.h", "1\n");
	g_free(output_of(*state, "sh", "-c", "mkdir include; mv there.h include", NULL));
	AUTO(recipes) recipes = read_sample(*state);
	g_autoptr(GPtrArray) lines = recipes_generators(recipes);

	assert_int_equal(lines->len, G_N_ELEMENTS(expected));
	for (guint i = 0; i < lines->len; i++)
		assert_non_null(strstr(g_ptr_array_index(lines, i), expected[i]));
	/* many lines are one command */
	g_free(output_of(*state, "sh", "-c", "mkdir net; echo '#!/bin/sh' >sh", NULL));
	g_free(output_of(*state, "sh", "-c", g_ptr_array_index(lines, 5), NULL));
	g_autofree char *made = output_of(*state, "cat", "net/certs.c", NULL);
	assert_string_equal(made, "#include \"reg.h\"\nconst u8 certs[] = {\n};\n");
}

/* The units of an external directory come after those of the kernel, as if they lay in its tree. */
static void test_external_modules(void **state)
{
	static const char *const lines[] = {
		"gcc-12 -D__KERNEL__ -DNEW -I/tmp/x/inc -DMODULE -c -o /tmp/x/a.o /tmp/x/a.c; "
		"./tools/objtool/objtool --orc /tmp/x/a.o",
		"{ echo /tmp/x/a.o; } > /tmp/x/kt-a.mod",
	};
	AUTO(recipes) kernel = read_sample("/src/build");
	AUTO(recipes) recipes = recipes_new("/src/linux", "/src/build", "gcc-12");
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) former = recipes_database(kernel, &error);

	assert_false(recipes_take(recipes, "klatch commands 0\n"));
	assert_true(recipes_take(recipes, former->str));
	recipes_external(recipes, "/tmp/x", "kt");
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
		recipes_line(recipes, lines[i], strlen(lines[i]));
	g_autoptr(GString) text = recipes_database(recipes, &error);
	assert_no_error(error);
	AUTO(commands) before = open_text(*state, former->str, &error);
	AUTO(commands) commands = open_text(*state, text->str, &error);
	assert_no_error(error);
	assert_int_equal(commands_units(commands)->len, commands_units(before)->len + 1);

	const struct unit *old = only_unit(before, "drivers/net/tun.c");
	const struct unit *same = only_unit(commands, "drivers/net/tun.c");
	assert_string_equal(old->compile, same->compile);
	assert_string_equal(old->objtool, same->objtool);
	const struct unit *unit = only_unit(commands, "kt/a.c");
	assert_string_equal(unit->output, "kt/a.o");
	assert_string_equal(unit->object, "kt_a");
	assert_string_equal(unit->compile, "gcc-12 -D__KERNEL__ -DNEW -I/src/linux/kt/inc");
	assert_string_equal(unit->arguments, "-DMODULE /src/linux/kt/a.c");
	assert_string_equal(unit->objtool, "./tools/objtool/objtool --orc");
}

static void test_incomplete_listing(void **state)
{
	static const char lost[] = "gcc-12 -D__KERNEL__ -DMODULE -c -o a.o /src/linux/a.c";
	AUTO(recipes) empty = recipes_new("/src/linux", "/src/build", "gcc-12");
	AUTO(recipes) broken = recipes_new("/src/linux", "/src/build", "gcc-12");
	g_autoptr(GError) error = NULL;

	assert_null(recipes_database(empty, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "no unit");
	recipes_line(broken, lost, strlen(lost));
	assert_null(recipes_database(broken, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "a.o");
}

static void test_damaged_database(void **state)
{
	static const char *const texts[] = {
		"",
		"klatch commands 0\n",
		"klatch commands 1\n",
		"klatch commands 1\ncompile\tgcc\n",
		"klatch commands 1\ncompile\tgcc\nunit\ta.o\ta.c\tm\t1\ta.c\t-\n",
		"klatch commands 1\ncompile\tgcc\nunit\ta.o\ta.c\tm\t0\n",
		"klatch commands 1\ncompile\tgcc\nunit\ta.o\ta.c\tm\t0\ta.c\t-",
		"klatch commands 1\nother\tgcc\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(open_text(*state, texts[i], &error));
		assert_error(&error, KLATCH_ENVIRONMENT, "damaged");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
		TEST(test_units_in_order),
		TEST(test_commands_of_a_unit),
		TEST(test_objtool_after_the_link),
		TEST(test_units_of_a_source),
		TEST(test_generators),
		TEST(test_external_modules),
		TEST(test_incomplete_listing),
		TEST(test_damaged_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
