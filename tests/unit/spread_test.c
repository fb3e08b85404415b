/*
 * Callers in other units of a function without an fentry site: found in a small vmlinux, whose
 * `quiet` changes and is called by `loud` of another unit.  Each test adds what else uses it.
 */
#include <string.h>

#include "base/error.h"
#include "build/candidate.h"
#include "build/spread.h"
#include "help.h"

#define QUIET(change) "int quiet(int x) { return x " change "; }\n"
#define LOUD                                                                                       \
	"int quiet(int);\n"                                                                        \
	"__attribute__((noinline)) int loud(int x) { return quiet(x) + 1; }\n"                     \
	"__attribute__((section(\".init.text\"))) int start(int x) { return quiet(x) + 2; }\n"

static const char database[] = "klatch commands 1\n"
			       "compile\tgcc\n"
			       "unit\tquiet.o\tquiet.c\tvmlinux\t0\t-c quiet.c\t-\n"
			       "unit\tloud.o\tloud.c\tvmlinux\t0\t-c loud.c\t-\n"
			       "unit\tother.o\tother.c\tvmlinux\t0\t-c other.c\t-\n";

struct small {
	char *directory;
	struct kernel kernel;
	struct commands *commands;
	struct image *image;
	struct spread *spread;
	GPtrArray *candidates, *notes;
	struct compiled compiled[2];
};

static struct object *compiled(const struct small *small, const char *file, const char *source,
			       gboolean site, const char *sections)
{
	g_autofree char *path =
		compile(small->directory, file, source, "-O2", "-mcmodel=kernel", "-fno-pic",
			"-fno-asynchronous-unwind-tables", "-fcf-protection=none", sections,
			site ? "-mfentry" : NULL, "-pg", "-mrecord-mcount", NULL);
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

/* other: a file of what else is in vmlinux, and its source. */
static void link_vmlinux(struct small *small, const char *other, const char *source)
{
	g_autoptr(GError) error = NULL;

	g_free(compile(small->directory, other, source, "-O2", "-mcmodel=kernel", "-fno-pic",
		       "-fcf-protection=none", NULL));
	write_text(small->directory, "script",
		   "SECTIONS { . = 0xffffffff81000000; .text : { *(.text) } .data : { *(.data) }\n"
		   " .init.text : { *(.init.text) } }\n");
	g_free(output_of(small->directory, "ld", "-T", "script", "-e", "0", "-o", "vmlinux",
			 "--defsym", "__fentry__=0xffffffff81000000", "quiet.o", "loud.o",
			 "other.o", NULL));
	g_autofree char *symbols = output_of(small->directory, "nm", "-n", "vmlinux", NULL);
	write_text(small->directory, "kallsyms", symbols);
	small->image = image_open(&small->kernel, "vmlinux", &error);
	assert_no_error(error);
}

/* Compares and matches a unit as it is known now. */
static void add_candidate(struct small *small, guint index, const char *original,
			  const char *patched, gboolean site)
{
	const char *source = index ? "loud.c" : "quiet.c";
	g_autoptr(GPtrArray) units = commands_of_source(small->commands, source);
	const struct diff_intent intent = {.spread = spread_functions(small->spread)};
	struct candidate *candidate = candidate_new(&small->compiled[index]);
	g_autoptr(GError) error = NULL;

	small->compiled[index].unit = units->pdata[0];
	candidate->stock = compiled(small, source, original, site, "-DSTOCK");
	candidate->original = compiled(small, "one.c", original, site, "-ffunction-sections");
	candidate->patched = compiled(small, "one.c", patched, site, "-ffunction-sections");
	candidate->image = small->image;
	candidate->match = match_unit(small->image, candidate->stock, &error);
	assert_no_error(error);
	candidate->diff =
		diff_objects(candidate->original, candidate->patched, 6001, FALSE, &intent, &error);
	assert_no_error(error);
	assert_int_equal(candidate->diff->refusals->len, 0);
	g_ptr_array_add(small->candidates, candidate);
}

static const char quiet[] = QUIET("+ 1");
static const char quiet_patched[] = QUIET("* 5");

static void add_quiet(struct small *small)
{
	add_candidate(small, 0, quiet, quiet_patched, FALSE);
}

static void add_loud(struct small *small)
{
	add_candidate(small, 1, LOUD, LOUD, TRUE);
}

static struct small *small_new(void *directory, const char *other, const char *source,
			       const char *symvers)
{
	struct small *small = g_new0(struct small, 1);
	g_autoptr(GError) error = NULL;

	small->directory = directory;
	small->kernel = (struct kernel){
		.series = 6001,
		.vmlinux = path_in(directory, "vmlinux"),
		.kallsyms = path_in(directory, "kallsyms"),
		.commands = path_in(directory, "commands"),
		.symvers = path_in(directory, "Module.symvers"),
		.source = directory,
		.build = directory,
		.modules = directory,
	};
	write_text(directory, "commands", database);
	write_text(directory, "Module.symvers", symvers);
	write_text(directory, "modules.dep", "user.ko:\nstranger.ko:\n");
	small->commands = commands_open(&small->kernel, &error);
	assert_no_error(error);
	small->spread = spread_new(&small->kernel, small->commands);
	small->candidates = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
	small->notes = g_ptr_array_new_with_free_func(g_free);
	object_free(compiled(small, "quiet.c", quiet, FALSE, "-DSTOCK"));
	object_free(compiled(small, "loud.c", LOUD, TRUE, "-DSTOCK"));
	link_vmlinux(small, other, source);
	add_quiet(small);
	return small;
}

static void small_free(struct small *small)
{
	g_ptr_array_unref(small->candidates);
	g_ptr_array_unref(small->notes);
	spread_free(small->spread);
	commands_free(small->commands);
	image_free(small->image);
	g_free(small->kernel.vmlinux);
	g_free(small->kernel.kallsyms);
	g_free(small->kernel.commands);
	g_free(small->kernel.symvers);
	g_free(small);
}
DEFINE_AUTO(small, small_free)

static GPtrArray *units_of(struct small *small)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *units = spread_units(small->spread, small->candidates, small->notes, &error);

	assert_no_error(error);
	return units;
}

static void assert_refused(struct small *small, const char *why)
{
	g_autoptr(GError) error = NULL;

	assert_null(spread_units(small->spread, small->candidates, small->notes, &error));
	assert_error(&error, KLATCH_REFUSED, why);
}

static void the_caller_is_replaced(void **state)
{
	AUTO(small) small = small_new(*state, "other.c", "int other;\n", "");
	g_autoptr(GPtrArray) units = units_of(small);

	assert_int_equal(units->len, 1);
	assert_string_equal(((struct unit *)units->pdata[0])->source, "loud.c");
	assert_true(g_hash_table_contains(spread_functions(small->spread), "quiet"));
	add_loud(small);
	g_autoptr(GPtrArray) more = units_of(small);
	assert_int_equal(more->len, 0);
	assert_int_equal(small->notes->len, 0);
}

static void a_caller_that_stays_is_refused(void **state)
{
	AUTO(small) small = small_new(*state, "other.c", "int other;\n", "");
	g_autoptr(GPtrArray) units = units_of(small);

	assert_int_equal(units->len, 1);
	assert_refused(small, "loud calls it, which is in none of the units");
}

static void a_pointer_is_refused(void **state)
{
	AUTO(small)
	small = small_new(*state, "other.c", "int quiet(int); int (*pointer)(int) = quiet;\n", "");

	add_loud(small);
	assert_refused(small, "taken or held at pointer");
}

static void assembly_is_refused(void **state)
{
	AUTO(small) small = small_new(*state, "other.S", "hidden: jmp quiet\n", "");

	add_loud(small);
	assert_refused(small, "hidden calls it, which no C source");
}

#define EXPORT "0x00000001\tquiet\tvmlinux\tEXPORT_SYMBOL\t\n"

static void make_modules(const char *directory, const char *user)
{
	g_free(compile(directory, "user.c", user, NULL));
	g_free(compile(directory, "stranger.c", "int unquiet;\n", NULL));
	g_free(output_of(directory, "cp", "user.o", "user.ko", NULL));
	g_free(output_of(directory, "cp", "stranger.o", "stranger.ko", NULL));
}

static void a_module_that_imports_it_is_refused(void **state)
{
	AUTO(small) small = small_new(*state, "other.c", "int other;\n", EXPORT);

	make_modules(*state, "int quiet(int); int use(int x) { return quiet(x); }\n");
	assert_refused(small, "modules can call it: user");
}

static void an_export_that_no_module_has_is_noted(void **state)
{
	AUTO(small) small = small_new(*state, "other.c", "int other;\n", EXPORT);

	/* of its own, that one */
	make_modules(*state, "static __attribute__((used)) int quiet(int x) { return x; }\n");
	g_autoptr(GPtrArray) units = units_of(small);
	assert_int_equal(units->len, 1);
	assert_int_equal(small->notes->len, 1);
	assert_non_null(strstr(small->notes->pdata[0], "quiet is exported"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_caller_is_replaced),
		cmocka_unit_test(a_caller_that_stays_is_refused),
		cmocka_unit_test(a_pointer_is_refused),
		cmocka_unit_test(assembly_is_refused),
		cmocka_unit_test(a_module_that_imports_it_is_refused),
		cmocka_unit_test(an_export_that_no_module_has_is_noted),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
