/*
 * The progress bar: seen on a terminal only, late, and gone at the end.
 */
#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

#include "base/progress.h"
#include "help.h"

/* Shows a stage for some time with stderr on a terminal; returns what the terminal got. */
static char *shown(const char *stage, double fraction, gulong microseconds)
{
	int terminal, side, before = dup(STDERR_FILENO);
	struct winsize size = {.ws_row = 24, .ws_col = 60};
	char text[65536] = "";

	assert_int_equal(openpty(&terminal, &side, NULL, NULL, &size), 0);
	dup2(side, STDERR_FILENO);
	struct progress *bar = progress_bar_new();
	progress_report(bar, stage, fraction);
	g_usleep(microseconds);
	progress_bar_end(bar);
	dup2(before, STDERR_FILENO);
	close(before);
	close(side);
	/* A terminal hands on in pieces; with its other side closed the end is an error. */
	for (gsize have = 0; have < sizeof(text) - 1;) {
		ssize_t got = read(terminal, text + have, sizeof(text) - 1 - have);
		if (got <= 0)
			break;
		have += (gsize)got;
	}
	close(terminal);
	return g_strdup(text);
}

static void test_long_work_is_shown_and_erased(void **state)
{
	g_setenv("TERM", "xterm", TRUE);
	g_setenv("NO_COLOR", "1", TRUE);
	g_autofree char *text = shown("unpacking something with a name that is rather long", 0.5,
				      2.4 * G_TIME_SPAN_SECOND);

	assert_non_null(
		strstr(text, "[===============               ]   2 s  unpacking something"));
	assert_null(strstr(text, "rather long"));
	assert_null(strstr(text, "\033[3"));
	assert_true(g_str_has_suffix(text, "\r\033[K"));
}

static void test_unknown_length_moves(void **state)
{
	g_unsetenv("NO_COLOR");
	g_autofree char *text = shown("working", -1, 2.4 * G_TIME_SPAN_SECOND);
	g_autofree char *empty = g_strnfill(30, ' ');
	g_auto(GStrv) frames = g_strsplit(text, "\r", -1);

	assert_null(strstr(text, empty));
	assert_non_null(strstr(text, "\033[36m"));
	assert_string_not_equal(frames[1], frames[3]);
}

static void test_short_work_is_silent(void **state)
{
	g_autofree char *text = shown("working", 0.5, 10000);

	assert_string_equal(text, "");
}

static void test_no_terminal_no_bar(void **state)
{
	int before = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	struct progress *bar = progress_bar_new();
	dup2(before, STDERR_FILENO);
	close(before);
	close(null);
	assert_null(bar);
	progress_report(bar, "working", 0);
	progress_bar_end(bar);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_work_is_shown_and_erased),
		cmocka_unit_test(test_unknown_length_moves),
		cmocka_unit_test(test_short_work_is_silent),
		cmocka_unit_test(test_no_terminal_no_bar),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
