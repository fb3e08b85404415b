/*
 * The gate, on units that gcc compiles here and that ld links as a kernel is linked: into a program
 * at kernel addresses whose symbols are known as kallsyms only, and into a relocatable module.
 */
#include <string.h>

#include "base/error.h"
#include "help.h"
#include "match/match.h"

/* The unit that is matched.  Between FIRST and LAST so that everything in it is away from offset 0;
 * it shares names and strings with the neighbour. */
static const char unit_source[] =
	"extern int printk(const char *, ...);\n"
	"extern int outside, per_cpu_thing;\n"
	"#define NOINLINE __attribute__((noinline, noclone))\n"
	"static int counter, tally;\n"
	"static int limit = 7;\n"
	"static const int squares[] = {1, 4, 9, 16};\n"
	"const char *const words[] = {\"one\", \"two\"};\n"
	"static NOINLINE int late(int x);\n"
	"NOINLINE int early(int x) { return late(x) * 3 + late(x + 1); }\n"
	"static NOINLINE int helper(int x) { return squares[x & 3] + counter++ + limit + tally++; "
	"}\n"
	"NOINLINE int middle(int x)\n"
	"{\n"
	"	printk(\"middle %d\\n\", x);\n"
	"	return helper(x) + outside + per_cpu_thing;\n"
	"}\n"
	"static NOINLINE int late(int x) { return helper(x) - middle(x - 2); }\n"
	"double scaled(double x) { return x * 1.25 + 3.5; }\n"
	"int __attribute__((weak)) overridden(void) { return 1; }\n"
	"int uses_overridden(void) { return overridden() + 5; }\n"
	"static int __attribute__((section(\".init.text\"), noinline)) prepare(void)\n"
	"{ return counter = 3; }\n"
	"int __attribute__((section(\".init.text\"))) begin(void) { return prepare() + limit++; }\n"
	"static int lone __attribute__((section(\".lone\"), used)) = 1;\n"
	"int keyed(void)\n"
	"{\n"
	"	asm goto(\"1: .byte 0x0f,0x1f,0x44,0,0\\n\"\n"
	"		 \".pushsection __jump_table, \\\"aw\\\"\\n .balign 8\\n\"\n"
	"		 \".long 1b - ., %l[yes] - .\\n .quad counter - .\\n .popsection\"\n"
	"		 : : : : yes);\n"
	"	return 1;\n"
	"yes:	return 2;\n"
	"}\n"
	"void alternative(void)\n"
	"{\n"
	"	asm volatile(\"1: call printk\\n\"\n"
	"		     \".pushsection .altinstructions, \\\"a\\\"\\n\"\n"
	"		     \".long 1b - ., 2f - .\\n .word 7\\n .byte 5, 5\\n .popsection\\n\"\n"
	"		     \".pushsection .altinstr_replacement, \\\"ax\\\"\\n\"\n"
	"		     \"2: call early\\n .popsection\");\n"
	"}\n"
	"void faults(void)\n"
	"{\n"
	"	asm volatile(\"1: nop\\n 2: nop\\n 3: nop\\n\"\n"
	"		     \".pushsection __ex_table, \\\"a\\\"\\n\"\n"
	"		     \".long FIRST_FAULT - ., 3b - ., 1\\n\"\n"
	"		     \".long SECOND_FAULT - ., 3b - ., 1\\n .popsection\");\n"
	"}\n";

/* What the unit is linked with, before it: the same static names at other places. */
static const char neighbour_source[] =
	"int printk(const char *, ...);\n"
	"static int counter = 5;\n"
	"static int __attribute__((noinline, noclone, used)) helper(int x)\n"
	"{ counter += x; return printk(\"two\") + printk(\"prefix middle %d\\n\", x); }\n"
	"static int __attribute__((noinline, used, section(\".init.text\"))) late(void)\n"
	"{ return 9; }\n"
	"double other(double x) { return x * 3.5 + 99.0; }\n"
	"int overridden(void) { return helper(2); }\n"
	"static int lone __attribute__((section(\".lone\"), used)) = 1;\n"
	"int outside;\n"
	"int per_cpu_thing __attribute__((section(\".data..percpu\"))) = 1;\n";

static const char core_source[] = "int printk(const char *text, ...) { return *text; }\n";

static const char script[] =
	"SECTIONS {\n"
	"	. = 0xffffffff81000000;\n"
	"	.text : { *(.text .text.*) }\n"
	"	. = ALIGN(4096);\n"
	"	.rodata : { *(.rodata .rodata.*) . = ALIGN(8); __start___jump_table = .;\n"
	"		*(__jump_table) __stop___jump_table = .; }\n"
	"	__ex_table : { *(__ex_table) }\n"
	"	. = ALIGN(4096);\n"
	"	.data : { *(.data .lone) }\n"
	"	.data..percpu 0 : { *(.data..percpu) }\n"
	"	. = 0xffffffff82000000;\n"
	"	.init.text : { *(.init.text) }\n"
	"	.altinstructions : { *(.altinstructions) }\n"
	"	.altinstr_replacement : { *(.altinstr_replacement) }\n"
	"	.bss : { *(.bss) }\n"
	"}\n";

struct images {
	char *directory;
	struct image *vmlinux;
	struct image *module;
};

static char *replaced(const char *text, const char *from, const char *to)
{
	g_auto(GStrv) parts = g_strsplit(text, from, -1);

	assert_true(g_strv_length(parts) > 1);
	return g_strjoinv(to, parts);
}

static char *compile_unit(const char *directory, const char *file, const char *source)
{
	return compile(directory, file, source, "-O2", "-mcmodel=kernel", "-fno-pic",
		       "-fno-asynchronous-unwind-tables", "-fcf-protection=none", "-ffreestanding",
		       "-fno-stack-protector", "-fno-inline", NULL);
}

static struct object *compiled(const char *directory, const char *file, const char *source)
{
	g_autofree char *path = compile_unit(directory, file, source);
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

/* The unit's source with the entries of __ex_table in order of address, as a tool leaves those of
 * vmlinux, or as they come. */
static char *with_faults(const char *source, gboolean sorted)
{
	g_autofree char *first = replaced(source, "FIRST_FAULT", sorted ? "1b" : "2b");

	return replaced(first, "SECOND_FAULT", sorted ? "2b" : "1b");
}

static struct image *link_vmlinux(const char *directory, const char *first, const char *second)
{
	g_autofree char *vmlinux = path_in(directory, "vmlinux");
	g_autofree char *kallsyms = path_in(directory, "kallsyms");
	struct kernel kernel = {.series = 6001, .vmlinux = vmlinux, .kallsyms = kallsyms};
	g_autoptr(GError) error = NULL;

	write_text(directory, "script", script);
	g_free(output_of(directory, "ld", "-T", "script", "-e", "0", "-o", "vmlinux", first, second,
			 "core.o", NULL));
	g_autofree char *symbols = output_of(directory, "nm", "-n", "vmlinux", NULL);
	write_text(directory, "kallsyms", symbols);
	g_free(output_of(directory, "strip", "-s", "vmlinux", NULL));

	struct image *image = image_open(&kernel, "vmlinux", &error);
	assert_no_error(error);
	return image;
}

static struct image *link_module(const char *directory, const char *first, const char *second)
{
	g_autofree char *path = path_in(directory, "module.ko");
	g_autoptr(GError) error = NULL;

	g_free(output_of(directory, "ld", "-r", "-o", "module.ko", first, second, NULL));
	struct object *object = object_read(path, &error);
	assert_no_error(error);
	struct image *image = image_of_module(object, "module", 6001, &error);
	assert_no_error(error);
	return image;
}

static int make_images(void **state)
{
	struct images *images = g_new0(struct images, 1);
	g_autofree char *source = with_faults(unit_source, TRUE);

	if (make_directory((void **)&images->directory))
		return -1;
	g_free(compile_unit(images->directory, "core.c", core_source));
	g_free(compile_unit(images->directory, "neighbour.c", neighbour_source));
	g_free(compile_unit(images->directory, "unit.c", source));
	images->vmlinux = link_vmlinux(images->directory, "neighbour.o", "unit.o");
	images->module = link_module(images->directory, "neighbour.o", "unit.o");
	*state = images;
	return 0;
}

static int free_images(void **state)
{
	struct images *images = *state;
	void *directory = images->directory;

	image_free(images->vmlinux);
	image_free(images->module);
	g_free(images);
	return remove_directory(&directory);
}

static struct match *must_match(const struct image *image, const struct object *stock)
{
	g_autoptr(GError) error = NULL;
	struct match *match = match_unit(image, stock, &error);

	assert_no_error(error);
	return match;
}

static void must_differ(const struct image *image, const struct object *stock, const char *text)
{
	g_autoptr(GError) error = NULL;

	AUTO(match) match = match_unit(image, stock, &error);
	if (match)
		fail_msg("it matches, but should not: %s", text);
	assert_error(&error, KLATCH_REFUSED, text);
}

static guint64 address_of(const struct match *match, const struct object *stock, const char *name)
{
	const struct symbol *symbol = object_symbol(stock, name);
	guint64 address;

	assert_non_null(symbol);
	assert_true(match_address(match, symbol, &address));
	return address;
}

/* Which of the addresses that the image has for a name the match has found; from 1. */
static gsize which_of(const struct image *image, const struct match *match,
		      const struct object *stock, const char *name)
{
	guint64 address = address_of(match, stock, name);
	gsize count;
	const guint64 *addresses = image_addresses(image, name, &count);

	for (gsize i = 0; i < count; i++)
		if (addresses[i] == address)
			return i + 1;
	return 0;
}

static void check_unit(const struct images *images, const struct image *image)
{
	g_autofree char *source = with_faults(unit_source, FALSE);
	AUTO(object) unit = compiled(images->directory, "unit.c", source);
	AUTO(object) neighbour = compiled(images->directory, "neighbour.c", neighbour_source);
	AUTO(match) match = must_match(image, unit);
	AUTO(match) other = must_match(image, neighbour);
	guint64 address;

	/* the neighbour is linked first, so its symbols come first */
	assert_int_equal(which_of(image, other, neighbour, "helper"), 1);
	assert_int_equal(which_of(image, match, unit, "helper"), 2);
	assert_int_not_equal(address_of(match, unit, "counter"),
			     address_of(other, neighbour, "counter"));
	assert_int_equal(which_of(image, match, unit, "squares"), 1);
	assert_int_equal(which_of(image, match, unit, "prepare"), 1);
	assert_int_equal(match_count(match).functions, 12);
	assert_int_equal(match_count(match).data, 5);

	/* two of the name that nothing refers to, and that look alike */
	assert_false(match_address(match, object_symbol(unit, "lone"), &address));
	/* an undefined symbol is not the unit's */
	assert_false(match_address(match, object_symbol(unit, "outside"), &address));
}

static void test_vmlinux(void **state)
{
	const struct images *images = *state;

	check_unit(images, images->vmlinux);
}

static void test_module(void **state)
{
	const struct images *images = *state;

	check_unit(images, images->module);
}

/* A weak function that another unit overrides has its code in the image, but not its name. */
static void test_overridden(void **state)
{
	const struct images *images = *state;
	g_autofree char *source = with_faults(unit_source, FALSE);
	AUTO(object) unit = compiled(images->directory, "unit.c", source);
	AUTO(match) match = must_match(images->vmlinux, unit);
	guint64 address = address_of(match, unit, "overridden");
	guint coming, live;

	assert_false(image_resolves(images->vmlinux, "overridden", address));
	assert_false(image_sympos(images->vmlinux, "overridden", address, &coming, &live));
}

/* A changed source, and what must be named. */
static const struct {
	const char *from, *to, *named;
} mutations[] = {
	/* one byte of code; in front of the change, and behind it, all is equal */
	{"late(x) * 3", "late(x) * 5", "unit.c: function early+0x"},
	{"+ limit", "- limit", "unit.c: function helper+0x"},
	/* a change of size moves what follows, which early() calls without a relocation */
	{"outside + per", "outside * 1234567 + per", "unit.c: function middle+0x"},
	{"{ return helper(x) - middle", "{ counter += 3; return helper(x) - middle",
	 "unit.c: function late+0x"},
	{"counter = 3", "counter = 4", "unit.c: function prepare+0x"},
	/* only where a relocation leads */
	{"- middle(x - 2)", "- early(x - 2)", "unit.c: function late+0x"},
	{"return counter = 3", "return limit = 3", "unit.c: function prepare+0x"},
	{"+ outside", "+ per_cpu_thing", "unit.c: function middle+0x"},
	/* only the content that it leads to */
	{"printk(\"middle %d", "printk(\"muddle %d", "unit.c: function middle+0xa: the compiled"},
	{"x * 1.25", "x * 1.5", "unit.c: function scaled+0x"},
	{"\"two\"", "\"six\"", "unit.c: data words+0x8"},
	/* data */
	{"9, 16}", "9, 17}", "unit.c: data squares+0xc"},
	{"limit = 7", "limit = 8", "unit.c: data limit+0x0"},
	{"counter, tally;", "tally, counter;", "no section .bss like this"},
	/* names */
	{"helper", "helped", "no function of this name"},
	/* tables, named by the code they are about */
	{".quad counter - .", ".quad limit - .", "unit.c: function keyed+0x"},
	{".long 1b - ., %l[yes] - .", ".long 1b - ., 1b - .", "unit.c: function keyed+0x"},
	{".word 7", ".word 8", "unit.c: function alternative+0x"},
	{"2: call early", "2: call middle",
	 "it refers to middle, where the shipped one refers to early"},
	{".long SECOND_FAULT - ., 3b - ., 1", "# SECOND_FAULT",
	 "it has 1 entries, the shipped one 2"},
	{"FIRST_FAULT - ., 3b", "FIRST_FAULT - ., 1b", "unit.c: function faults+0x"},
};

static void check_mutations(const struct images *images, const struct image *image)
{
	for (gsize i = 0; i < G_N_ELEMENTS(mutations); i++) {
		g_autofree char *source = replaced(unit_source, mutations[i].from, mutations[i].to);
		g_autofree char *complete = with_faults(source, FALSE);
		g_autofree char *directory = path_in(images->directory, "changed");

		g_free(output_of(images->directory, "mkdir", "-p", "changed", NULL));
		AUTO(object) stock = compiled(directory, "unit.c", complete);
		must_differ(image, stock, mutations[i].named);
	}
}

static void test_mutated_vmlinux(void **state)
{
	const struct images *images = *state;

	check_mutations(images, images->vmlinux);
}

static void test_mutated_module(void **state)
{
	const struct images *images = *state;

	check_mutations(images, images->module);
}

static void test_another_unit(void **state)
{
	const struct images *images = *state;
	AUTO(object)
	stranger = compiled(images->directory, "stranger.c",
			    "int stranger(int x) { return x ^ 5; }\n");

	must_differ(images->module, stranger,
		    "stranger.c: function stranger+0x0: the compiled "
		    "original differs from the shipped module module");
}

/* Two units whose only function has the same name and the same bytes: relocations tell them apart.
 */
static void test_twins(void **state)
{
	const struct images *images = *state;
	const char *source =
		"int CALLED(int x);\n"
		"__attribute__((used)) static int twin(int x) { return CALLED(x) + 1; }\n";
	g_autofree char *first_source = replaced(source, "CALLED", "one");
	g_autofree char *second_source = replaced(source, "CALLED", "two");
	AUTO(object) first = compiled(images->directory, "first.c", first_source);
	AUTO(object) second = compiled(images->directory, "second.c", second_source);
	AUTO(image) image = link_module(images->directory, "first.o", "second.o");
	AUTO(match) first_match = must_match(image, first);
	AUTO(match) second_match = must_match(image, second);

	assert_int_equal(which_of(image, first_match, first, "twin"), 1);
	assert_int_equal(which_of(image, second_match, second, "twin"), 2);
}

/* Two that are alike in all and that nothing refers to: shipped, but which is whose is not told. */
static void test_alike(void **state)
{
	const struct images *images = *state;
	const char *source =
		"int one(int x);\n"
		"__attribute__((used)) static int dead(int x) { return one(x) + 9; }\n";
	AUTO(object) first = compiled(images->directory, "first.c", source);
	AUTO(object) second = compiled(images->directory, "second.c", source);
	g_autofree char *changed_source = replaced(source, "+ 9", "+ 8");
	AUTO(object) changed = compiled(images->directory, "changed.c", changed_source);
	AUTO(image) image = link_module(images->directory, "first.o", "second.o");
	AUTO(match) match = must_match(image, first);
	AUTO(match) second_match = must_match(image, second);
	guint64 address;

	assert_false(match_address(match, object_symbol(first, "dead"), &address));
	must_differ(image, changed, "changed.c: function dead+0x");
}

/* A unit whose only function is weak: its name may be another's, but here it is not. */
static void test_only_weak(void **state)
{
	const struct images *images = *state;
	const char *source = "int __attribute__((weak)) soft(int x) { return x * 3 + 1; }\n";
	g_autofree char *hard_source = replaced(source, "__attribute__((weak))", "");
	g_autofree char *other_source = replaced(hard_source, "x * 3", "x * 5");
	AUTO(object) soft = compiled(images->directory, "soft.c", source);
	g_free(compile_unit(images->directory, "other.c", other_source));
	AUTO(image) alone = link_module(images->directory, "soft.o", "neighbour.o");
	AUTO(image) overridden = link_module(images->directory, "soft.o", "other.o");
	AUTO(match) match = must_match(alone, soft);

	assert_int_equal(which_of(alone, match, soft, "soft"), 1);
	must_differ(overridden, soft, "soft.c: function soft+0x0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vmlinux),	       cmocka_unit_test(test_module),
		cmocka_unit_test(test_overridden),     cmocka_unit_test(test_mutated_vmlinux),
		cmocka_unit_test(test_mutated_module), cmocka_unit_test(test_another_unit),
		cmocka_unit_test(test_twins),	       cmocka_unit_test(test_alike),
		cmocka_unit_test(test_only_weak),
	};

	return cmocka_run_group_tests(tests, make_images, free_images);
}
