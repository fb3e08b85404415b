/*
 * The calls of two compiles of one source, with gcc's own objects.
 */
#include "base/error.h"
#include "diff/calls.h"
#include "help.h"

#define SERIES 6001

/* A call within the section, one to another object, a tail call, a function made inline. */
static const char source[] = "void outer(void);\n"
			     "int state;\n"
			     "static int small(int a) { return a + state; }\n"
			     "__attribute__((noinline)) static int called(int a)\n"
			     "{ outer(); return small(a); }\n"
			     "__attribute__((noinline)) int twice(int a)\n"
			     "{ return called(a) + called(a + 1); }\n"
			     "int tail(int a) { state++; return twice(a); }\n"
			     "__attribute__((cold, noinline)) void unlikely(void) { outer(); }\n"
			     "void loops(int a) { while (a--) if (a == 7) unlikely(); }\n";

static gboolean compare(const char *directory, const char *text, const char *flag, GError **error)
{
	g_autofree char *one = compile(directory, "stock.c", source, "-O2", NULL);
	g_autofree char *other = compile(directory, "original.c", text, "-O2",
					 "-ffunction-sections", "-fdata-sections", flag, NULL);
	AUTO(object) stock = object_read(one, error);
	AUTO(object) original = object_read(other, error);

	assert_no_error(*error);
	return calls_compare(stock, original, SERIES, error);
}

static void test_sections_make_no_difference(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_true(compare(*state, source, "-O2", &error));
	assert_no_error(error);
}

static void test_what_is_inlined_differs(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_false(compare(*state, source, "-fno-inline", &error));
	assert_error(&error, KLATCH_REFUSED, "called > small: 0 times");
}

static void test_number_of_calls_differs(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) text = g_string_new(source);

	g_string_replace(text, "called(a) + called(a + 1)", "called(a)", 0);
	assert_false(compare(*state, text->str, "-O2", &error));
	assert_error(&error, KLATCH_REFUSED, "twice > called");
}

static void test_function_is_dropped(void **state)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) text = g_string_new(source);

	g_string_replace(text, "int tail(int a) { state++; return twice(a); }\n", "", 0);
	assert_false(compare(*state, text->str, "-O2", &error));
	assert_error(&error, KLATCH_REFUSED, "tail: 1 times");
}

/* objtool made a NOP of one's jump at a label; __fentry__'s call went the same way. */
static void test_jump_labels_and_entries_do_not_count(void **state)
{
#define TEXT(entry, site)                                                                          \
	".text\n.type a, @function\na: " entry "\n1: " site "\n ret\n.size a, . - a\n"             \
	".section .text.cold, \"ax\"\n.type b, @function\nb: ret\n.size b, . - b\n"                \
	".section __jump_table, \"aw\"\n.long 1b - ., b - .\n.quad key - .\n"
	g_autofree char *one = compile(*state, "stock.S", TEXT(".nops 5", ".nops 5"), NULL);
	g_autofree char *other =
		compile(*state, "original.S", TEXT("call __fentry__", "jmp.d32 b"), NULL);
	g_autoptr(GError) error = NULL;
	AUTO(object) stock = object_read(one, &error);
	AUTO(object) original = object_read(other, &error);

	assert_no_error(error);
	assert_true(calls_compare(stock, original, SERIES, &error));
	assert_no_error(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)
		TEST(test_sections_make_no_difference),
		TEST(test_what_is_inlined_differs),
		TEST(test_number_of_calls_differs),
		TEST(test_function_is_dropped),
		TEST(test_jump_labels_and_entries_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
