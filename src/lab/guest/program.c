/*
 * Programs that came with a plan: run, their output shown and compared.
 */
#include "guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM_SECONDS 20
#define ARGUMENTS	16

static void execute(int output, char *arguments)
{
	char *argv[ARGUMENTS + 1] = {0};
	char path[256];

	for (int i = 0; i < ARGUMENTS; i++) {
		argv[i] = plan_word(&arguments);
		if (!*argv[i]) {
			argv[i] = NULL;
			break;
		}
	}
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	snprintf(path, sizeof(path), "/files/%s", argv[0] ? basename(argv[0]) : "");
	execv(path, argv);
	printf("can't be run: %m\n");
	fflush(stdout);
	_exit(127);
}

/* What comes out of a pipe until it is closed or time is up; the rest of it is dropped. */
static bool collect(int input, char *output, size_t size)
{
	size_t length = 0;
	char excess[256];

	for (;;) {
		struct pollfd wait = {.fd = input, .events = POLLIN};
		bool room = length < size - 1;
		ssize_t got;

		if (poll(&wait, 1, PROGRAM_SECONDS * 1000) <= 0)
			break;
		got = room ? read(input, output + length, size - 1 - length)
			   : read(input, excess, sizeof(excess));
		if (got <= 0) {
			output[length] = '\0';
			return true;
		}
		if (room)
			length += (size_t)got;
	}
	output[length] = '\0';
	return false;
}

static void note_output(struct guest *guest)
{
	char *copy = strdup(guest->output), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			guest_note(guest, "%s", line);
	free(copy);
}

static pid_t start(int output, char *arguments)
{
	pid_t child = fork();

	if (!child)
		execute(output, arguments);
	return child;
}

/* Leaves a program to itself; what it says goes to a file. */
static enum outcome begin(struct guest *guest, char *arguments)
{
	struct program *program = calloc(1, sizeof(*program));
	char *name;

	if (!program)
		abort();
	name = arguments + strspn(arguments, " \t");
	program->name = strndup(name, strcspn(name, " \t"));
	program->output = memfd_create("output", MFD_CLOEXEC);
	program->pid = start(program->output, arguments);
	program->next = guest->programs;
	guest->programs = program;
	return program->pid > 0 ? PASSED : FAILED;
}

enum outcome program_run(struct guest *guest, char *arguments)
{
	int ends[2], status = 0;
	bool ended;
	pid_t child;

	if (guest->begin)
		return begin(guest, arguments);
	if (pipe2(ends, O_CLOEXEC))
		return FAILED;
	child = start(ends[1], arguments);
	close(ends[1]);
	ended = child > 0 && collect(ends[0], guest->output, sizeof(guest->output));
	close(ends[0]);
	if (child > 0 && !ended)
		kill(child, SIGKILL);
	if (child > 0)
		waitpid(child, &status, 0);
	note_output(guest);
	if (ended && WIFEXITED(status) && !WEXITSTATUS(status))
		return PASSED;
	guest_note(guest, "the program %s", ended ? "failed" : "did not end in time");
	return FAILED;
}

/* Ends a program, by force if need be.  Its status. */
static int end_program(const struct program *program)
{
	int status = 0;

	kill(program->pid, SIGTERM);
	for (unsigned int waited = 0; waited < PROGRAM_SECONDS * 1000; waited += 20) {
		if (waitpid(program->pid, &status, WNOHANG) == program->pid)
			return status;
		wait_milliseconds(20);
	}
	kill(program->pid, SIGKILL);
	waitpid(program->pid, &status, 0);
	return status;
}

enum outcome program_stop(struct guest *guest, char *arguments)
{
	const char *name = plan_word(&arguments);
	struct program **at = &guest->programs, *program;
	ssize_t got;
	int status;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	program = *at;
	if (!program) {
		guest_note(guest, "%s does not run", name);
		return FAILED;
	}
	*at = program->next;
	status = end_program(program);
	got = pread(program->output, guest->output, sizeof(guest->output) - 1, 0);
	guest->output[got > 0 ? got : 0] = '\0';
	note_output(guest);
	close(program->output);
	free(program->name);
	free(program);
	if (!status || (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM))
		return PASSED;
	guest_note(guest, "the program %s", WIFSIGNALED(status) ? "was killed" : "failed");
	return FAILED;
}

/* The output of the last program must hold a text. */
enum outcome program_expect(struct guest *guest, char *arguments)
{
	if (strstr(guest->output, arguments))
		return PASSED;
	guest_note(guest, "expected: %s", arguments);
	return FAILED;
}
