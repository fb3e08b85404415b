/*
 * What the kernel says of the livepatch: /sys/kernel/livepatch and ftrace's list of functions.
 */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TRANSITION_SECONDS  60
#define FUNCTIONS_SECONDS   300 /* a whole release has 1600 functions */
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

static int livepatch_file(const struct module *livepatch, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/%s", livepatch->name, name);
	return read_number(path);
}

/* No transition goes on; the kernel removes the directory of a disabled livepatch after its last.
 */
static bool is_at_rest(const void *livepatch)
{
	return livepatch_file(livepatch, "transition") <= 0;
}

static bool is_gone(const void *livepatch)
{
	return livepatch_file(livepatch, "enabled") < 0;
}

bool livepatch_has_ended(const struct module *livepatch)
{
	return is_gone(livepatch);
}

static bool is_settled(const struct module *livepatch)
{
	return livepatch_file(livepatch, "enabled") == 1 &&
	       livepatch_file(livepatch, "transition") == 0;
}

bool livepatch_applies(const struct module *livepatch, const char *object)
{
	char path[256], line[128], wanted[128];
	bool applies = true;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/targets", livepatch->name);
	snprintf(wanted, sizeof(wanted), "%s unrecognised\n", object);
	file = fopen(path, "re");
	while (file && applies && fgets(line, sizeof(line), file))
		applies = strcmp(line, wanted);
	if (file)
		fclose(file);
	return is_settled(livepatch) && module_is_live(object) && applies;
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

/* How many tasks keep a transition from ending; some are told of, if so wanted.  The guest and its
 * programs have one thread each, so the list of processes is that of tasks. */
static int find_stalled(struct guest *guest, const struct module *livepatch, bool tell)
{
	int goal = livepatch_file(livepatch, "enabled");
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int found = 0;

	while (directory && found < STALLED_TASKS_SHOWN && (entry = readdir(directory))) {
		char path[300];
		int state;

		snprintf(path, sizeof(path), "/proc/%s/patch_state", entry->d_name);
		state = read_number(path);
		if (state < 0 || state == goal)
			continue;
		if (tell)
			note_task(guest, entry->d_name);
		found++;
	}
	if (directory)
		closedir(directory);
	return found;
}

/* The transition of a livepatch comes to its end within the time. */
static enum outcome wait_for(struct guest *guest, const struct module *livepatch,
			     bool (*done)(const void *livepatch))
{
	uint64_t began = wait_clock();
	bool ended = wait_until(TRANSITION_SECONDS, done, livepatch);

	/* When nobody is in the way any more ftrace lets go of function after function. */
	if (!ended && !find_stalled(guest, livepatch, false))
		ended = wait_until(FUNCTIONS_SECONDS, done, livepatch);
	if (ended) {
		guest_time(guest, wait_clock() - began, "settle", livepatch->label);
		return PASSED;
	}
	guest_note(guest, "the transition of %s did not end within %" PRIu64 " s", livepatch->label,
		   (wait_clock() - began) / 1000000);
	find_stalled(guest, livepatch, true);
	return FAILED;
}

enum outcome livepatch_enabled(struct guest *guest, const struct module *livepatch)
{
	if (wait_for(guest, livepatch, is_at_rest) == FAILED)
		return FAILED;
	if (livepatch_file(livepatch, "enabled") == 1)
		return PASSED;
	guest_note(guest, "%s is loaded but not enabled", livepatch->label);
	return FAILED;
}

/* The livepatch that a verb names; the plan was found to be right by the host. */
static const struct module *named_livepatch(const struct guest *guest, char **arguments)
{
	const struct module *livepatch = module_find(guest, plan_word(arguments));

	if (!livepatch)
		abort();
	return livepatch;
}

enum outcome livepatch_settle(struct guest *guest, char *arguments)
{
	return wait_for(guest, named_livepatch(guest, &arguments), is_at_rest);
}

/* Writes a number to a file of the livepatch. */
static bool write_number(const struct module *livepatch, const char *name, char number)
{
	char path[256];
	bool written;
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/%s", livepatch->name, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	written = fd >= 0 && write(fd, &number, 1) == 1;
	if (fd >= 0)
		close(fd);
	return written;
}

static enum outcome disable(struct guest *guest, const struct module *livepatch, bool wait)
{
	if (!write_number(livepatch, "enabled", '0')) {
		guest_note(guest, "%s can't be disabled: %m", livepatch->label);
		return FAILED;
	}
	return wait ? wait_for(guest, livepatch, is_gone) : PASSED;
}

enum outcome livepatch_disable(struct guest *guest, char *arguments)
{
	return disable(guest, named_livepatch(guest, &arguments), !guest->begin);
}

enum outcome livepatch_end(struct guest *guest, const struct module *livepatch)
{
	return disable(guest, livepatch, true);
}

enum outcome livepatch_force(struct guest *guest, char *arguments)
{
	const struct module *livepatch = named_livepatch(guest, &arguments);

	if (write_number(livepatch, "force", '1'))
		return wait_for(guest, livepatch, is_at_rest);
	guest_note(guest, "the transition of %s can't be forced: %m", livepatch->label);
	return FAILED;
}

/* ftrace's list of the functions that are redirected or traced. */
static char *read_ftrace(void)
{
	FILE *file = fopen("/sys/kernel/tracing/enabled_functions", "re");
	char *text = NULL;
	size_t size = 0;

	if (file && getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = NULL;
	}
	if (file)
		fclose(file);
	return text ? text : strdup("");
}

/*
 * Whether a line of it is about a function, such as "tun_get_user [tun] (1) R I  tramp: ..." or
 * "schedule (1) ...", and has the flag I: its calls go elsewhere, which is livepatching's doing.
 */
static bool line_redirects(const char *line, const struct function *function, const char *name)
{
	size_t length = strlen(name);
	const char *flags = strstr(line, ") "), *flag = flags ? strchr(flags, 'I') : NULL;
	char object[80];

	snprintf(object, sizeof(object), " [%s]", function->object);
	return !strncmp(line, name, length) && line[length] == ' ' &&
	       (line[length + 1] == '(' || !strncmp(line + length, object, strlen(object))) &&
	       flag && flag < flags + 8;
}

static bool name_redirected(const char *ftrace, const struct function *function, const char *name)
{
	for (const char *line = ftrace; *line;) {
		const char *end = strchrnul(line, '\n');

		if (line_redirects(line, function, name))
			return true;
		line = *end ? end + 1 : end;
	}
	return false;
}

/* The next symbol of an object in /proc/kallsyms. */
static bool next_symbol(FILE *kallsyms, const char *object, unsigned long *address, char name[512])
{
	char line[640], module[64];

	while (fgets(line, sizeof(line), kallsyms)) {
		int fields = sscanf(line, "%lx %*c %511s [%63[^]]]", address, name, module);

		if (fields >= 2 && !strcmp(fields == 3 ? module : "vmlinux", object))
			return true;
	}
	return false;
}

/* Where a function of a livepatch is: "name,2" is the second of that name. */
static unsigned long function_address(FILE *kallsyms, const struct function *function)
{
	size_t length = strcspn(function->name, ",");
	int position = function->name[length] ? atoi(function->name + length + 1) : 1;
	unsigned long address;
	char name[512];

	while (next_symbol(kallsyms, function->object, &address, name))
		if (!strncmp(name, function->name, length) && !name[length] && !--position)
			return address;
	return 0;
}

/* ftrace calls a function that has several names by one of them. */
static bool other_name_redirected(const char *ftrace, const struct function *function)
{
	FILE *kallsyms = fopen("/proc/kallsyms", "re");
	unsigned long wanted = kallsyms ? function_address(kallsyms, function) : 0, address;
	bool redirected = false;
	char name[512];

	if (wanted)
		rewind(kallsyms);
	while (wanted && !redirected && next_symbol(kallsyms, function->object, &address, name))
		redirected = address == wanted && name_redirected(ftrace, function, name);
	if (kallsyms)
		fclose(kallsyms);
	return redirected;
}

/* A line of /sys/kernel/debug/kprobes/list: "ADDRESS  k  NAME+0x0  OBJECT ", behind that
 * "[DISABLED]" or the like; on a function that begins with ENDBR the probe lies behind that. */
static bool line_probes(const char *line, const struct function *function)
{
	char name[512], object[64] = "vmlinux";
	unsigned int offset;
	int length = (int)strcspn(function->name, ",");

	return sscanf(line, "%*s k %511[^+]+%x %63[^[ \n]", name, &offset, object) >= 2 &&
	       offset <= 4 && (int)strlen(name) == length &&
	       !strncmp(name, function->name, length) && !strcmp(object, function->object) &&
	       !strchr(line, '[');
}

/* Whether a kprobe takes a function over: where the livepatch lies nobody else has one. */
static bool is_probed(const struct function *function)
{
	FILE *file = fopen("/sys/kernel/debug/kprobes/list", "re");
	bool probed = false;
	char line[700];

	while (file && !probed && fgets(line, sizeof(line), file))
		probed = line_probes(line, function);
	if (file)
		fclose(file);
	return probed;
}

static bool is_redirected(const char *ftrace, const struct function *function)
{
	char name[512];

	if (function->probed)
		return is_probed(function);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(function->name, ","), function->name);
	return name_redirected(ftrace, function, name) || other_name_redirected(ftrace, function);
}

/* Whether sysfs has a function of a livepatch, and ftrace redirects it; or a kprobe does. */
static enum outcome check_function(struct guest *guest, const struct function *function,
				   const char *ftrace)
{
	char path[700];

	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/%s/%s", function->livepatch->name,
		 function->object, function->name);
	if (!function->probed && access(path, F_OK)) {
		guest_note(guest, "%s: %s is not in sysfs", function->object, function->name);
		return FAILED;
	}
	if (!is_redirected(ftrace, function)) {
		guest_note(guest, "%s: %s does not redirect %s", function->object,
			   function->probed ? "a kprobe" : "ftrace", function->name);
		return FAILED;
	}
	return PASSED;
}

/* What sysfs says: 0 or 1, or -1, as Linux 5.10 has no such file. */
static int object_patched(const struct module *livepatch, const char *object)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/kernel/livepatch/%s/%s/patched", livepatch->name,
		 object);
	return read_number(path);
}

/* Whether a function is one that a verb is about; no livepatch: of any that is enabled. */
static bool is_meant(const struct function *function, const char *object,
		     const struct module *livepatch)
{
	return !strcmp(function->object, object) &&
	       (livepatch ? function->livepatch == livepatch
			  : livepatch_file(function->livepatch, "enabled") == 1);
}

enum outcome livepatch_patched(struct guest *guest, char *arguments)
{
	const char *object = plan_word(&arguments);
	const struct module *livepatch = module_find(guest, plan_word(&arguments));
	enum outcome outcome = PASSED;
	char *ftrace;
	int count = 0;

	if (!module_comes(guest, object)) {
		guest_note(guest, "%s is not loaded", object);
		return SKIPPED;
	}
	ftrace = read_ftrace();
	for (const struct function *f = guest->functions; f; f = f->next) {
		if (!is_meant(f, object, livepatch))
			continue;
		if (!count++ && !object_patched(f->livepatch, object)) {
			guest_note(guest, "%s is not patched, says sysfs", object);
			outcome = FAILED;
		}
		if (check_function(guest, f, ftrace) == FAILED)
			outcome = FAILED;
	}
	free(ftrace);
	if (!count)
		guest_note(guest, "nothing in %s is replaced", object);
	return count ? outcome : FAILED;
}

enum outcome livepatch_unpatched(struct guest *guest, char *arguments)
{
	const char *object = plan_word(&arguments);
	const struct module *livepatch = module_find(guest, plan_word(&arguments));
	enum outcome outcome = PASSED;
	char *ftrace = read_ftrace();

	for (const struct function *f = guest->functions; f; f = f->next) {
		if (strcmp(f->object, object) || (livepatch && f->livepatch != livepatch))
			continue;
		if (object_patched(f->livepatch, object) <= 0 &&
		    (livepatch || !is_redirected(ftrace, f)))
			continue;
		guest_note(guest, "%s: %s is replaced", object, f->name);
		outcome = FAILED;
	}
	free(ftrace);
	return outcome;
}

enum outcome livepatch_check(struct guest *guest)
{
	enum outcome outcome = PASSED;
	char *ftrace = read_ftrace();

	for (const struct function *f = guest->functions; f; f = f->next)
		if (livepatch_applies(f->livepatch, f->object) &&
		    check_function(guest, f, ftrace) == FAILED)
			outcome = FAILED;
	free(ftrace);
	return outcome;
}
