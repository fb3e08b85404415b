/*
 * What the kernel says of the livepatch: /sys/kernel/livepatch and ftrace's list of functions.
 */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRANSITION_SECONDS  60
#define STALLED_TASKS_SHOWN 5

/* The number in a small file, or -1 if there is none. */
static int read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	int number = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &number) != 1)
		number = -1;
	fclose(file);
	return number;
}

static int livepatch_file(struct guest *guest, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/%s", guest->livepatch, name);
	return read_number(path);
}

static bool transition_ended(struct guest *guest)
{
	return livepatch_file(guest, "transition") == 0;
}

/* The kernel removes the directory of a disabled livepatch once its transition has ended. */
static bool livepatch_gone(struct guest *guest)
{
	return livepatch_file(guest, "enabled") < 0;
}

static void note_stack(struct guest *guest, const char *task)
{
	char path[300], line[160];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/stack", task);
	file = fopen(path, "re");
	if (!file)
		return;
	for (int i = 0; i < 6 && fgets(line, sizeof(line), file); i++) {
		line[strcspn(line, "\n")] = '\0';
		guest_note(guest, "    %s", line);
	}
	fclose(file);
}

static void note_task(struct guest *guest, const char *task)
{
	char path[300], name[32] = "?";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", task);
	file = fopen(path, "re");
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	guest_note(guest, "task %s (%s) keeps the transition from ending:", task, name);
	note_stack(guest, task);
}

/* The guest and its programs have one thread each, so the list of processes is that of tasks. */
static void note_stalled(struct guest *guest)
{
	int goal = livepatch_file(guest, "enabled");
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int shown = 0;

	while (directory && shown < STALLED_TASKS_SHOWN && (entry = readdir(directory))) {
		char path[300];
		int state;

		snprintf(path, sizeof(path), "/proc/%s/patch_state", entry->d_name);
		state = read_number(path);
		if (state < 0 || state == goal)
			continue;
		note_task(guest, entry->d_name);
		shown++;
	}
	if (directory)
		closedir(directory);
}

enum outcome livepatch_settle(struct guest *guest)
{
	if (!wait_until(guest, TRANSITION_SECONDS, transition_ended)) {
		guest_note(guest, "the transition did not end within %d s", TRANSITION_SECONDS);
		note_stalled(guest);
		return FAILED;
	}
	if (livepatch_file(guest, "enabled") == 1)
		return PASSED;
	guest_note(guest, "the livepatch is loaded but not enabled");
	return FAILED;
}

enum outcome livepatch_disable(struct guest *guest, char *arguments)
{
	char path[256];
	int fd;
	bool written;

	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/enabled", guest->livepatch);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	written = fd >= 0 && write(fd, "0", 1) == 1;
	if (fd >= 0)
		close(fd);
	if (!written) {
		guest_note(guest, "the livepatch can't be disabled: %m");
		return FAILED;
	}
	if (wait_until(guest, TRANSITION_SECONDS, livepatch_gone))
		return PASSED;
	guest_note(guest, "the livepatch was not gone %d s after it was disabled",
		   TRANSITION_SECONDS);
	note_stalled(guest);
	return FAILED;
}

/*
 * Whether ftrace's list has a function, in a line such as "tun_get_user [tun] (1) R I  tramp: ...":
 * the flag I says that its calls go elsewhere, which is livepatching's doing.
 */
static bool line_redirects(const char *line, const char *function, size_t length)
{
	const char *flags = strstr(line, ") ");

	return !strncmp(line, function, length) && line[length] == ' ' && flags &&
	       strchr(flags, 'I') && strchr(flags, 'I') < flags + 8;
}

static bool ftrace_redirects(const char *function)
{
	FILE *list = fopen("/sys/kernel/tracing/enabled_functions", "re");
	char line[1024];
	bool found = false;

	while (list && !found && fgets(line, sizeof(line), list))
		found = line_redirects(line, function, strcspn(function, ","));
	if (list)
		fclose(list);
	return found;
}

static enum outcome function_patched(struct guest *guest, const struct function *function)
{
	char path[700];

	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/%s/%s", guest->livepatch,
		 function->object, function->name);
	if (access(path, F_OK)) {
		guest_note(guest, "%s: %s is not in sysfs", function->object, function->name);
		return FAILED;
	}
	if (!ftrace_redirects(function->name)) {
		guest_note(guest, "%s: ftrace does not redirect %s", function->object,
			   function->name);
		return FAILED;
	}
	return PASSED;
}

/* Linux 5.10 has no file `patched`. */
static bool object_unpatched(struct guest *guest, const char *object)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/%s/patched", guest->livepatch,
		 object);
	return read_number(path) == 0;
}

enum outcome livepatch_patched(struct guest *guest, char *arguments)
{
	const char *object = plan_word(&arguments);
	const struct module *module = module_find(guest, object);
	enum outcome outcome = PASSED;
	int count = 0;

	if (module && !module->loaded) {
		guest_note(guest, "%s is not loaded", object);
		return SKIPPED;
	}
	if (object_unpatched(guest, object)) {
		guest_note(guest, "%s is not patched, says sysfs", object);
		return FAILED;
	}
	for (const struct function *f = guest->functions; f; f = f->next) {
		if (strcmp(f->object, object))
			continue;
		count++;
		if (function_patched(guest, f) == FAILED)
			outcome = FAILED;
	}
	if (!count)
		guest_note(guest, "the livepatch replaces nothing in %s", object);
	return count ? outcome : FAILED;
}
