/*
 * Child processes: output, status, time limit, and nothing left behind.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "help.h"

/* A process that runs a line of shell; a compound literal, so it lives as long as its block. */
#define SHELL(line)                                                                                \
	(const char *const[])                                                                      \
	{                                                                                          \
		"sh", "-c", line, NULL                                                             \
	}

static void run(const struct process *process, struct process_result *result)
{
	g_autoptr(GError) error = NULL;

	process_run(process, result, &error);
	assert_no_error(error);
}

static void test_output_and_status(void **state)
{
	struct process process = {.argv = SHELL("printf 'out\\0put'; echo problem >&2; exit 3")};
	AUTO_PROCESS_RESULT result = {0};

	run(&process, &result);
	assert_int_equal(result.status, 3);
	assert_int_equal(result.output_size, 7);
	assert_memory_equal(result.output, "out\0put", 8);
	assert_string_equal(result.errors, "problem\n");
	assert_false(result.timed_out);
	assert_true(result.seconds > 0 && result.seconds < 60);
}

static void test_killed_by_signal(void **state)
{
	struct process process = {.argv = SHELL("kill -SEGV $$")};
	AUTO_PROCESS_RESULT result = {0};

	run(&process, &result);
	assert_int_equal(result.status, 128 + SIGSEGV);
}

/* A child must not inherit that klatch holds the signals that end it. */
static void test_blocked_signal_reaches_child(void **state)
{
	struct process process = {.argv = SHELL("kill -TERM $$; echo still here")};
	AUTO_PROCESS_RESULT result = {0};
	sigset_t set, before;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	run(&process, &result);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(result.status, 128 + SIGTERM);
}

static void test_input(void **state)
{
	g_autofree char *large = g_strnfill(1 << 20, 'x');
	g_autoptr(GBytes) bytes = g_bytes_new_static(large, 1 << 20);
	struct process with = {.argv = SHELL("cat"), .input = bytes};
	struct process without = {.argv = SHELL("cat")};
	AUTO_PROCESS_RESULT result = {0};
	AUTO_PROCESS_RESULT empty = {0};

	run(&with, &result);
	assert_int_equal(result.output_size, 1 << 20);
	assert_memory_equal(result.output, large, 1 << 20);
	run(&without, &empty);
	assert_int_equal(empty.status, 0);
	assert_int_equal(empty.output_size, 0);
}

static void test_directory_environment_and_file(void **state)
{
	g_autofree char *path = path_in(*state, "said");
	const char *environment[] = {"KLATCH_TEST=a=b", NULL};
	struct process process = {
		.argv = SHELL("pwd; echo \"$KLATCH_TEST $HOME\""),
		.directory = *state,
		.environment = environment,
		.output_path = path,
	};
	AUTO_PROCESS_RESULT result = {0};
	g_autofree char *expected =
		g_strdup_printf("%s\na=b %s\n", (char *)*state, g_getenv("HOME"));

	run(&process, &result);
	g_autofree char *said = files_read_text(path, NULL);
	assert_string_equal(said, expected);
	assert_string_equal(result.output, "");
}

/* A child that opens its stderr by name must not lose what came before. */
static void test_output_opened_anew(void **state)
{
	struct process process = {
		.argv = SHELL("printf before >&2; : >/dev/stderr; echo after >&2")};
	AUTO_PROCESS_RESULT result = {0};

	run(&process, &result);
	assert_non_null(strstr(result.errors, "after\n"));
}

static void test_missing_program(void **state)
{
	const char *argv[] = {"klatch-nonesuch", NULL};
	struct process process = {.argv = argv};
	AUTO_PROCESS_RESULT result = {0};
	g_autoptr(GError) error = NULL;

	assert_false(process_run(&process, &result, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "klatch-nonesuch");
}

static gboolean is_alive(const char *pid_text)
{
	return kill(atoi(pid_text), 0) == 0 || errno != ESRCH;
}

/* The shell's own child goes with it, and is not waited for though it holds the output open. */
static void test_time_out_kills_the_group(void **state)
{
	struct process process = {.argv = SHELL("sleep 1000 & echo $!; wait"), .timeout = 1};
	AUTO_PROCESS_RESULT result = {0};

	run(&process, &result);
	assert_true(result.timed_out);
	assert_int_equal(result.status, 128 + SIGKILL);
	assert_true(result.seconds < 30);
	for (guint i = 0; i < 100 && is_alive(result.output); i++)
		g_usleep(50000); /* until init has reaped it */
	assert_false(is_alive(result.output));
}

/* klatch killed: what it had started must end with it. */
static void test_child_dies_with_klatch(void **state)
{
	g_autofree char *path = path_in(*state, "pid");
	g_autofree char *line = g_strdup_printf("echo $$ >%s; exec sleep 1000", path);
	struct process process = {.argv = SHELL(line)};
	pid_t klatch = fork();

	if (klatch == 0) {
		struct process_result result;

		process_run(&process, &result, NULL);
		_exit(0);
	}
	g_autofree char *pid = NULL;
	while (!pid || !*pid) {
		g_usleep(10000);
		g_free(pid);
		pid = files_read_text(path, NULL);
	}
	assert_true(is_alive(pid));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	kill(klatch, SIGKILL);
	assert_int_equal(waitpid(klatch, NULL, 0), klatch);
	int status;
	assert_int_equal(waitpid(atoi(pid), &status, 0), atoi(pid));
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void test_peak_memory(void **state)
{
	struct process small = {.argv = SHELL(":")};
	struct process large = {
		.argv = SHELL("head -c 64M /dev/zero | tr '\\0' x | sort >/dev/null")};
	AUTO_PROCESS_RESULT small_result = {0};
	AUTO_PROCESS_RESULT large_result = {0};

	run(&small, &small_result);
	run(&large, &large_result);
	assert_true(small_result.peak_memory > 0);
	assert_true(large_result.peak_memory > 64 << 20);
}

static void test_check_says_what_went_wrong(void **state)
{
	struct process good = {.argv = SHELL("echo fine")};
	struct process bad = {.argv = SHELL("seq 100 >&2; printf 'bad\\377' >&2; exit 7")};
	struct process quiet = {.argv = SHELL("echo on stdout; exit 1")};
	struct process slow = {.argv = SHELL("sleep 100"), .timeout = 1};
	AUTO_PROCESS_RESULT result = {0};
	g_autoptr(GError) error = NULL;

	assert_true(process_check(&good, "testing", &result, &error));
	assert_string_equal(result.output, "fine\n");
	process_result_clear(&result);

	assert_false(process_check(&bad, "testing", &result, &error));
	assert_true(g_utf8_validate(error->message, -1, NULL));
	assert_null(strstr(error->message, "\n50\n"));
	assert_non_null(strstr(error->message, "\n100\n"));
	assert_error(&error, KLATCH_ENVIRONMENT, "testing: sh ended with status 7");
	process_result_clear(&result);

	assert_false(process_check(&quiet, "testing", &result, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "on stdout");
	process_result_clear(&result);

	assert_false(process_check(&slow, "testing", &result, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "took over 1 s");
}

/* Each notes in one file that it began and ended. */
static void test_run_all_keeps_the_limit(void **state)
{
	enum { COUNT = 9, JOBS = 3 };
	g_autofree char *path = path_in(*state, "log");
	g_autofree char *line = g_strdup_printf(
		"echo + >>%s; sleep 0.1; echo - >>%s; echo $N; exit $N", path, path);
	const char *const *argv = SHELL(line);
	struct process processes[COUNT];
	struct process_result results[COUNT];
	char numbers[COUNT][4];
	const char *environments[COUNT][2];
	g_autoptr(GError) error = NULL;
	int running = 0, most = 0;

	for (int i = 0; i < COUNT; i++) {
		g_snprintf(numbers[i], sizeof(numbers[i]), "N=%d", i);
		environments[i][0] = numbers[i];
		environments[i][1] = NULL;
		processes[i] = (struct process){.argv = argv, .environment = environments[i]};
	}
	assert_true(process_run_all(processes, results, COUNT, JOBS, &error));
	g_autofree char *log = files_read_text(path, NULL);
	for (const char *at = log; *at; at += 2) {
		running += *at == '+' ? 1 : -1;
		most = MAX(most, running);
	}
	assert_int_equal(most, JOBS);
	for (int i = 0; i < COUNT; i++) {
		assert_int_equal(results[i].status, i);
		assert_int_equal(atoi(results[i].output), i);
		process_result_clear(&results[i]);
	}
}

static void test_run_all_waits_before_it_fails(void **state)
{
	g_autofree char *path = path_in(*state, "finished");
	g_autofree char *line = g_strdup_printf("sleep 0.2; echo >%s", path);
	const char *missing[] = {"klatch-nonesuch", NULL};
	struct process processes[] = {
		{.argv = SHELL(line)},
		{.argv = missing},
		{.argv = SHELL("echo never started")},
	};
	struct process_result results[G_N_ELEMENTS(processes)];
	g_autoptr(GError) error = NULL;

	assert_false(process_run_all(processes, results, G_N_ELEMENTS(processes), 2, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "klatch-nonesuch");
	assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
	assert_null(results[2].output);
	for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
		process_result_clear(&results[i]);
}

static guint open_files(void)
{
	g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
	guint count = 0;

	while (g_dir_read_name(dir))
		count++;
	return count;
}

static void test_no_descriptor_is_left(void **state)
{
	g_autoptr(GBytes) input = g_bytes_new_static("x", 1);
	const char *missing[] = {"klatch-nonesuch", NULL};
	struct process good = {.argv = SHELL("cat"), .input = input};
	struct process bad = {.argv = missing, .input = input};
	struct process lost = {.argv = SHELL(":"), .input = input, .output_path = "/nonesuch/x"};
	guint before = open_files();
	AUTO_PROCESS_RESULT result = {0};
	g_autoptr(GError) error = NULL;

	run(&good, &result);
	process_result_clear(&result);
	assert_false(process_run(&bad, &result, NULL));
	assert_false(process_run(&lost, &result, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "sh");
	assert_int_equal(open_files(), before);
}

static void test_jobs(void **state)
{
	g_setenv("KLATCH_JOBS", "7", TRUE);
	assert_int_equal(process_jobs(), 7);
	g_setenv("KLATCH_JOBS", "0", TRUE);
	assert_int_equal(process_jobs(), g_get_num_processors());
	g_setenv("KLATCH_JOBS", "many", TRUE);
	assert_int_equal(process_jobs(), g_get_num_processors());
	g_unsetenv("KLATCH_JOBS");
	assert_int_equal(process_jobs(), g_get_num_processors());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_killed_by_signal),
		cmocka_unit_test(test_blocked_signal_reaches_child),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_directory_environment_and_file),
		cmocka_unit_test(test_output_opened_anew),
		cmocka_unit_test(test_missing_program),
		cmocka_unit_test(test_time_out_kills_the_group),
		cmocka_unit_test(test_child_dies_with_klatch),
		cmocka_unit_test(test_peak_memory),
		cmocka_unit_test(test_check_says_what_went_wrong),
		cmocka_unit_test(test_run_all_keeps_the_limit),
		cmocka_unit_test(test_run_all_waits_before_it_fails),
		cmocka_unit_test(test_no_descriptor_is_left),
		cmocka_unit_test(test_jobs),
	};

	return cmocka_run_group_tests_name("process", tests, make_directory, remove_directory);
}
