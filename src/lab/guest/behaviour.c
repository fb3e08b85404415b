/*
 * What the functions of a module do, as a file of it shows: at this moment, also while a livepatch
 * is in transition.
 *
 * Then each task runs what it ran before until the kernel has switched it, and it can ask which.
 * Who reads the file is this task, so this task is asked, before and after.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLED (-1) /* in /proc/self/patch_state: no transition is going on */

/* A small file, its lines made one: -1 with errno if it can't be read. */
static int read_folded(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
	int cause = errno;

	if (fd >= 0)
		close(fd);
	errno = cause;
	if (got < 0)
		return -1;
	while (got && text[got - 1] == '\n')
		got--;
	text[got] = '\0';
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	return 0;
}

static int read_state(const char *path, int otherwise)
{
	char text[16];

	return read_folded(path, text, sizeof(text)) ? otherwise : atoi(text);
}

static enum outcome compare(struct guest *guest, const char *path, const char *text,
			    const char *expected)
{
	if (!strcmp(text, expected))
		return PASSED;
	guest_note(guest, "%s says: %s", path, text);
	guest_note(guest, "it must say: %s", expected);
	return FAILED;
}

static enum outcome unreadable(struct guest *guest, const char *path)
{
	guest_note(guest, "%s can't be read: %m", path);
	return FAILED;
}

enum outcome behaviour_is(struct guest *guest, char *arguments)
{
	const char *path = plan_word(&arguments);
	char text[1024];

	if (read_folded(path, text, sizeof(text)))
		return unreadable(guest, path);
	return compare(guest, path, text, arguments);
}

/* "FILE LIVEPATCH BEFORE | AFTER" */
enum outcome behaviour_turns(struct guest *guest, char *arguments)
{
	const char *path = plan_word(&arguments), *livepatch = plan_word(&arguments);
	char *after = strstr(arguments, " | ");
	char text[1024], enabled[256];
	int goal, state;

	if (!after) {
		guest_note(guest, "the plan has no ' | ' between before and after");
		return FAILED;
	}
	*after = '\0';
	after += strlen(" | ");
	snprintf(enabled, sizeof(enabled), "/sys/kernel/livepatch/%s/enabled", livepatch);
	goal = read_state(enabled, 0);
	do {
		state = read_state("/proc/self/patch_state", SETTLED);
		if (read_folded(path, text, sizeof(text)))
			return unreadable(guest, path);
	} while (read_state("/proc/self/patch_state", SETTLED) != state);
	return compare(guest, path, text, state == SETTLED || state == goal ? after : arguments);
}
