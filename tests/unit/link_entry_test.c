/*
 * What a kernel with IBT, call padding and constants in its code asks of a livepatch; code that was
 * rewritten is linked into a program and run.
 */
#include <string.h>

#include "help.h"
#include "link/entry.h"
#include "link/x86.h"

#define SERIES 6012

static const char functions[] =
	"int __attribute__((noinline)) open_one(int x) { return x + 1; }\n"
	"int __attribute__((noinline)) sealed_one(int x) { return x + 2; }\n"
	"static int __attribute__((noinline)) bare_one(int x) { return x + 3; }\n"
	"int user(int x) { return bare_one(x) + open_one(x); }\n"
	"asm(\".pushsection .ibt_endbr_seal, \\\"a\\\"\\n\"\n"
	"    \".long user - ., sealed_one - .\\n .popsection\");\n";

static guint64 address_of(const struct image *image, const char *name)
{
	gsize count;
	const guint64 *addresses = image_addresses(image, name, &count);

	assert_int_equal(count, 1);
	return addresses[0];
}

static void test_entries_of_an_image(void **state)
{
	g_autofree char *path =
		compile(*state, "functions.c", functions, "-O2", "-fno-pic", "-mcmodel=kernel",
			"-fcf-protection=branch", "-fno-asynchronous-unwind-tables", NULL);
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	AUTO(image) image = image_of_module(object, "functions", SERIES, &error);
	assert_no_error(error);
	assert_true(entry_is_open(image, address_of(image, "open_one")));
	assert_true(entry_has_endbr(image, address_of(image, "sealed_one")));
	assert_false(entry_is_open(image, address_of(image, "sealed_one")));
	assert_false(entry_has_endbr(image, address_of(image, "bare_one")));
	assert_false(entry_is_open(image, address_of(image, "bare_one")));
	/* and where nothing is */
	assert_false(entry_is_open(image, 8));
}

/* Two objects and a program of them that says something.  Caller frees. */
static char *run_with(const char *directory, const char *path, struct object *object,
		      const char *rest)
{
	g_autoptr(GError) error = NULL;

	object_write(object, path, &error);
	assert_no_error(error);
	g_free(compile(directory, "rest.c", rest, NULL));
	g_free(output_of(directory, "gcc", "-no-pie", "-o", "program", path, "rest.o", NULL));
	return output_of(directory, "./program", NULL);
}

static void test_an_entry_leads_to_its_function(void **state)
{
	static const char caller[] = "int target(int);\n"
				     "int (*volatile pointer)(int) = target;\n"
				     "int (*volatile same)(int) = target;\n"
				     "int call(int x) { return pointer(x) + (pointer == same); }\n";
	static const char rest[] = "#include <stdio.h>\n"
				   "int call(int);\n"
				   "int target(int x) { return 2 * x; }\n"
				   "int main(void) { printf(\"%d\\n\", call(21)); }\n";
	g_autofree char *path = compile(*state, "caller.c", caller, "-O2", "-fno-pic", NULL);
	g_autoptr(GError) error = NULL;
	AUTO(object) object = object_read(path, &error);

	assert_no_error(error);
	struct section *data = object_section(object, ".data");
	struct symbol *target = object_symbol(object, "target");
	for (guint i = 0; i < data->relocs->len; i++)
		section_reloc(data, i)->symbol = entry_for(object, target, "target");
	g_autofree char *said = run_with(*state, path, object, rest);
	assert_string_equal(said, "43\n");

	const struct symbol *entry = object_symbol(object, "klatch_entry_target");
	assert_true(x86_is_endbr(entry->section->data, entry->size));
}

/* As runtime_const_ptr() has it. */
#define CONSTANT                                                                                   \
	"#define CONSTANT(reg) ({ register long c asm(reg); asm(\"mov %1, %0\\n1:\\n\"\\\n"        \
	"	\".pushsection runtime_ptr_value, \\\"a\\\"\\n .long 1b - 8 - .\\n "                     \
	".popsection\"\\\n"                                                                        \
	"	: \"=r\" (c) : \"i\" (0x0123456789abcdef)); c; })\n"

static void test_a_constant_becomes_a_load(void **state)
{
	static const char source[] =
		CONSTANT "long low(void) { long c = CONSTANT(\"rbx\"); return c; }\n"
			 "long high(void) { long c = CONSTANT(\"r13\"); return c + 1; }\n"
			 "long other(void) { return 5; }\n";
	static const char rest[] = "#include <stdio.h>\n"
				   "long value[2] = {40, 50}, low(void), high(void);\n"
				   "int main(void) { printf(\"%ld %ld\\n\", low(), high()); }\n";
	g_autofree char *path = compile(*state, "constants.c", source, "-O2", "-fno-pic", NULL);
	g_autoptr(GError) error = NULL;
	AUTO(object) object = object_read(path, &error);

	assert_no_error(error);
	struct symbol *value = object_add_undefined(object, "value");
	struct section *table = object_section(object, "runtime_ptr_value");
	assert_int_equal(table->relocs->len, 2);
	for (guint i = 0; i < table->relocs->len; i++) {
		const struct reloc *entry = section_reloc(table, i);

		assert_true(x86_load_instead(entry->symbol->section, x86_code_target(table, entry),
					     value, 8));
	}
	g_autofree char *said = run_with(*state, path, object, rest);
	assert_string_equal(said, "50 51\n");

	/* what is no such instruction stays */
	const struct symbol *other = object_symbol(object, "other");
	assert_false(x86_load_instead(other->section, other->value + 2, value, 0));
	assert_false(x86_load_instead(other->section, other->section->size, value, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_of_an_image),
		cmocka_unit_test(test_an_entry_leads_to_its_function),
		cmocka_unit_test(test_a_constant_becomes_a_load),
	};

	return cmocka_run_group_tests_name("link: entries", tests, make_directory,
					   remove_directory);
}
