/*
 * What counts as the same module, and what does not.
 */
#include <string.h>

#include "base/error.h"
#include "fixed/inside.h"
#include "help.h"

#define CODE "helper: ret\nstart: call helper\ncall printk\nret\n"
#define DATA "count: .quad 3\n.quad start + 1\n"

/* An entry of struct modversion_info. */
#define VERSION(crc, name) ".quad " #crc "\n.asciz \"" name "\"\n.balign 64\n"

static const char frame[] = ".text\n%s\n"
			    ".data\n%s\n"
			    ".section __versions, \"a\"\n%s\n"
			    ".section .note.gnu.build-id, \"a\", @note\n.long %d\n"
			    ".section .debug_info\n.long %d\n";

static struct object *module(const char *directory, const char *code, const char *data,
			     const char *versions, int id)
{
	g_autofree char *text = g_strdup_printf(frame, code, data, versions, id, id);
	g_autofree char *path = compile(directory, "module.S", text, NULL);
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	return object;
}

static void assert_differs(const char *directory, const char *code, const char *data,
			   const char *versions, const char *where)
{
	AUTO(object) shipped = module(directory, CODE, DATA, VERSION(1, "a") VERSION(2, "b"), 1);
	AUTO(object) other = module(directory, code, data, versions, 1);
	g_autoptr(GError) error = NULL;

	assert_false(same_module(other, shipped, &error));
	assert_error(&error, KLATCH_REFUSED, where);
}

static void test_same(void **state)
{
	AUTO(object) shipped = module(*state, CODE, DATA, VERSION(1, "a") VERSION(2, "b"), 1);
	AUTO(object) other = module(*state, CODE, DATA, VERSION(2, "b") VERSION(1, "a"), 2);
	g_autoptr(GError) error = NULL;

	assert_true(same_module(other, shipped, &error));
	assert_no_error(error);
}

static void test_other_code(void **state)
{
	assert_differs(*state, "helper: nop\nstart: call helper\ncall printk\nret\n", DATA,
		       VERSION(1, "a") VERSION(2, "b"), ".text");
}

static void test_other_target(void **state)
{
	assert_differs(*state, "helper: ret\nstart: call helper\ncall printf\nret\n", DATA,
		       VERSION(1, "a") VERSION(2, "b"), ".text");
	assert_differs(*state, CODE, "count: .quad 3\n.quad start + 2\n",
		       VERSION(1, "a") VERSION(2, "b"), ".data");
}

static void test_other_version(void **state)
{
	assert_differs(*state, CODE, DATA, VERSION(1, "a") VERSION(3, "b"), "__versions");
	assert_differs(*state, CODE, DATA, VERSION(1, "a"), "__versions");
}

static void test_other_symbols(void **state)
{
	assert_differs(*state, CODE, DATA "end:\n", VERSION(1, "a") VERSION(2, "b"), "symbols");
	assert_differs(*state, CODE, ".globl count\n" DATA, VERSION(1, "a") VERSION(2, "b"),
		       "symbols");
}

static void test_other_sections(void **state)
{
	static const char more[] = VERSION(1, "a") VERSION(2, "b") ".section .more, \"a\"\n.long 0";

	assert_differs(*state, CODE, DATA, more, ".more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),	      cmocka_unit_test(test_other_code),
		cmocka_unit_test(test_other_target),  cmocka_unit_test(test_other_version),
		cmocka_unit_test(test_other_symbols), cmocka_unit_test(test_other_sections),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
