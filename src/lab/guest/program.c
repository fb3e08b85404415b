/*
 * Programs that came with a plan: run, their output shown and compared.
 */
#include "guest.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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
	snprintf(path, sizeof(path), "/programs/%s", argv[0] ? basename(argv[0]) : "");
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

enum outcome program_run(struct guest *guest, char *arguments)
{
	int ends[2], status = 0;
	bool ended;
	pid_t child;

	if (pipe(ends))
		return FAILED;
	child = fork();
	if (!child)
		execute(ends[1], arguments);
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

/* The output of the last program must hold a text. */
enum outcome program_expect(struct guest *guest, char *arguments)
{
	if (strstr(guest->output, arguments))
		return PASSED;
	guest_note(guest, "expected: %s", arguments);
	return FAILED;
}
