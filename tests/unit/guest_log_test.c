/*
 * How the guest judges the kernel log: what is a complaint, what was known, what is always there.
 * The records come through a pipe, as /dev/kmsg gives them: one a read.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "help.h"
#include "lab/guest/log.c"

void guest_note(struct guest *guest, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(guest->report, format, arguments);
	va_end(arguments);
	fputc('\n', guest->report);
	fflush(guest->report);
}

void wait_milliseconds(unsigned int milliseconds)
{
}

struct fixture {
	struct guest guest;
	int kernel;
	char *notes;
	size_t size;
};

static int set_up(void **state)
{
	struct fixture *fixture = g_new0(struct fixture, 1);
	int ends[2];

	assert_false(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends));
	fixture->kernel = ends[0];
	fixture->guest.kernel_log = ends[1];
	fixture->guest.report = open_memstream(&fixture->notes, &fixture->size);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->kernel);
	close(fixture->guest.kernel_log);
	fclose(fixture->guest.report);
	free(fixture->notes);
	while (fixture->guest.known) {
		struct known_line *next = fixture->guest.known->next;

		free(fixture->guest.known);
		fixture->guest.known = next;
	}
	g_free(fixture);
	return 0;
}

static void say(struct fixture *fixture, int priority, const char *text)
{
	g_autofree char *record =
		g_strdup_printf("%d,100,123456,-;%s\n SUBSYSTEM=x\n", priority, text);

	assert_int_equal(send(fixture->kernel, record, strlen(record), 0), strlen(record));
}

static void test_quiet_log(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(log_check(&fixture->guest), PASSED);
	say(fixture, 5, "livepatch: enabling patch 'x'");
	say(fixture, 6, "tun: Universal TUN/TAP device driver, 1.6");
	say(fixture, 8 + 3, "a program's own words");
	assert_int_equal(log_check(&fixture->guest), PASSED);
	assert_int_equal(fixture->size, 0);
}

static void test_warning_is_a_complaint_once(void **state)
{
	struct fixture *fixture = *state;

	say(fixture, 4, "livepatch: failed to initialize patch 'x' for module 'y' (-8)");
	assert_int_equal(log_check(&fixture->guest), FAILED);
	assert_string_equal(
		fixture->notes,
		"kernel livepatch: failed to initialize patch 'x' for module 'y' (-8)\n"
		"kernel: livepatch: failed to initialize patch 'x' for module 'y' (-8)\n");
	assert_int_equal(log_check(&fixture->guest), PASSED);
}

static void test_known_lines_aside_from_numbers(void **state)
{
	struct fixture *fixture = *state;

	fixture->guest.learning = true;
	say(fixture, 4, "driver 0000:00:1f.2: no device at 0xffff8880 (12)");
	assert_int_equal(log_check(&fixture->guest), PASSED);
	fixture->guest.learning = false;
	say(fixture, 4, "driver 0000:00:03.0: no device at 0x7 (9)");
	assert_int_equal(log_check(&fixture->guest), PASSED);
	say(fixture, 4, "driver 0000:00:03.0: no vice at 0x7 (9)");
	assert_int_equal(log_check(&fixture->guest), FAILED);
}

static void test_what_a_livepatch_always_causes(void **state)
{
	struct fixture *fixture = *state;

	say(fixture, 4, "klp_x: loading out-of-tree module taints kernel.");
	say(fixture, 4, "clocksource: timekeeping watchdog on CPU1: Marking clocksource 'tsc'");
	assert_int_equal(log_check(&fixture->guest), PASSED);
}

static void test_never_learned(void **state)
{
	struct fixture *fixture = *state;

	fixture->guest.learning = true;
	say(fixture, 3, "tun: Unknown symbol skb_foo (err -2)");
	assert_int_equal(log_check(&fixture->guest), FAILED);
}

static void test_many_complaints_are_cut(void **state)
{
	struct fixture *fixture = *state;
	int lines = 0;

	for (int i = 0; i < 30; i++)
		say(fixture, 2, "BUG: something");
	assert_int_equal(log_check(&fixture->guest), FAILED);
	for (const char *at = fixture->notes; (at = strstr(at, "kernel: ")); at++)
		lines++;
	assert_int_equal(lines, LINES_SHOWN);
}

/* What was waited for is no complaint, and is told all the same; what else was said is one. */
static void test_expected_line(void **state)
{
	struct fixture *fixture = *state;

	say(fixture, 6, "tun: loaded");
	say(fixture, 3, "livepatch: refusing to load module 'tun'");
	say(fixture, 3, "livepatch: refusing to load module 'sd_mod'");
	assert_int_equal(log_expect(&fixture->guest, (char[]){"tun: loaded"}), PASSED);
	assert_int_equal(log_expect(&fixture->guest, (char[]){"refusing to load"}), PASSED);
	assert_int_equal(log_check(&fixture->guest), PASSED);
	fflush(fixture->guest.report);
	assert_string_equal(fixture->notes, "kernel livepatch: refusing to load module 'tun'\n"
					    "kernel livepatch: refusing to load module 'sd_mod'\n");
	say(fixture, 3, "livepatch: refusing to load module 'tun'");
	assert_int_equal(log_check(&fixture->guest), FAILED);
	assert_int_equal(log_expect(&fixture->guest, (char[]){"refusing"}), FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_quiet_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_warning_is_a_complaint_once, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_known_lines_aside_from_numbers, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_a_livepatch_always_causes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_expected_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_never_learned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_complaints_are_cut, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("guest_log", tests, NULL, NULL);
}
