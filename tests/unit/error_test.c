/*
 * Errors: four texts, one message, an exit code.
 */
#include "base/error.h"
#include "help.h"

static void test_four_texts(void **state)
{
	g_autoptr(GError) error = NULL;
	char where[] = "tun.c:12";

	klatch_fail(&error, KLATCH_REFUSED, "function f can't be replaced", where,
		    "ask its callers", "it has %d callers", 3);
	where[0] = 'X'; /* the texts are the error's own */
	const struct klatch_reason *reason = klatch_error_reason(error);
	assert_string_equal(reason->what, "function f can't be replaced");
	assert_string_equal(reason->where, "tun.c:12");
	assert_string_equal(reason->why, "it has 3 callers");
	assert_string_equal(reason->hint, "ask its callers");
	assert_string_equal(error->message, "tun.c:12: function f can't be replaced: it has 3 "
					    "callers; ask its callers");
}

static void test_absent_texts(void **state)
{
	g_autoptr(GError) error = NULL;

	klatch_fail(&error, KLATCH_INPUT, "the file can't be read", NULL, NULL, "why");
	assert_null(klatch_error_reason(error)->where);
	assert_null(klatch_error_reason(error)->hint);
	assert_string_equal(error->message, "the file can't be read: why");
}

static void test_copy_owns_its_texts(void **state)
{
	g_autoptr(GError) error = NULL;

	klatch_fail(&error, KLATCH_INPUT, "what", "where", "hint", "why");
	g_autoptr(GError) copy = g_error_copy(error);
	g_clear_error(&error);
	assert_string_equal(klatch_error_reason(copy)->what, "what");
	assert_string_equal(klatch_error_reason(copy)->where, "where");
	assert_string_equal(klatch_error_reason(copy)->why, "why");
	assert_string_equal(klatch_error_reason(copy)->hint, "hint");
}

static void test_adopted_message_is_the_reason(void **state)
{
	g_autoptr(GError) error = NULL;

	/* a per cent sign in a library's message is not a format */
	klatch_adopt(&error, KLATCH_ENVIRONMENT, "it can't be done", NULL, NULL,
		     g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOENT, "100%s lost"));
	assert_string_equal(klatch_error_reason(error)->why, "100%s lost");
	assert_int_equal(error->code, KLATCH_ENVIRONMENT);
	klatch_adopt(NULL, KLATCH_INPUT, "nobody asks", NULL, NULL,
		     g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOENT, "why"));
}

static void test_nobody_asks(void **state)
{
	klatch_fail(NULL, KLATCH_INPUT, "what", NULL, NULL, "why");
}

static void test_exit_codes(void **state)
{
	static const int expected[] = {
		[KLATCH_REFUSED] = 1,
		[KLATCH_USAGE] = 2,
		[KLATCH_ENVIRONMENT] = 2,
		[KLATCH_INPUT] = 2,
	};

	for (guint code = 0; code < G_N_ELEMENTS(expected); code++) {
		g_autoptr(GError) error = NULL;

		klatch_fail(&error, code, "what", NULL, NULL, "why");
		assert_int_equal(klatch_error_exit_code(error), expected[code]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_four_texts),
		cmocka_unit_test(test_absent_texts),
		cmocka_unit_test(test_copy_owns_its_texts),
		cmocka_unit_test(test_adopted_message_is_the_reason),
		cmocka_unit_test(test_nobody_asks),
		cmocka_unit_test(test_exit_codes),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
