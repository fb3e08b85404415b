/*
 * What is asked of the kernel: two system calls, and three files in /sys/kernel/livepatch/NAME.
 */
#include "host/change.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "host/log.h"
#include "host/tasks.h"

#define LEVEL_WARNING 4

#define POLL_TIME (G_TIME_SPAN_SECOND / 10)

/* The kernel drops its last reference to a disabled livepatch from a work queue. */
#define REMOVE_TIME (5 * G_TIME_SPAN_SECOND)

/* What an error of finit_module(2) means for a livepatch. */
static const struct {
	int number;
	const char *why;
	const char *hint;
} load_errors[] = {
	{EEXIST, "a module of this name is loaded already",
	 "klatch status shows it, klatch unload removes it if it is not one that stays"},
	{ENOEXEC, "the kernel does not take the file for a module that is for it",
	 "build it for the kernel that runs"},
	{ENOENT, "it needs a symbol that the kernel does not have",
	 "build it for the kernel that runs"},
	{EKEYREJECTED, "its signature is missing, or of a key that the kernel does not know",
	 "sign it with a key that the machine has enrolled"},
	{EPERM, "the machine is locked down, or loading modules is switched off",
	 "sign it with a key that the machine has enrolled"},
	{EBUSY, "another livepatch is in transition",
	 "klatch status shows it; wait, and try again"},
	{EINVAL, "the kernel won't have it", "klatch log shows what the kernel said"},
};

static const char *load_why(int number, const char **hint)
{
	for (gsize i = 0; i < G_N_ELEMENTS(load_errors); i++) {
		if (load_errors[i].number != number)
			continue;
		*hint = load_errors[i].hint;
		return load_errors[i].why;
	}
	*hint = "klatch log shows what the kernel said";
	return g_strerror(number);
}

/* The number of the last record in the kernel's log, or 0. */
static guint64 last_record(const struct host *host)
{
	g_autoptr(GPtrArray) log = host_log(host, NULL);

	return log && log->len ? ((struct log_record *)log->pdata[log->len - 1])->sequence : 0;
}

/* What the kernel complained of after a record, a line each. */
static char *complaints_after(const struct host *host, guint64 sequence)
{
	g_autoptr(GPtrArray) log = host_log(host, NULL);
	GString *text = g_string_new(NULL);

	for (guint i = 0; log && i < log->len; i++) {
		const struct log_record *record = log->pdata[i];

		if (record->sequence > sequence && record->level <= LEVEL_WARNING)
			g_string_append_printf(text, "\n        the kernel: %s", record->text);
	}
	return g_string_free(text, FALSE);
}

gboolean host_load(const struct host *host, const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	guint64 before = last_record(host);
	int number = fd < 0 ? errno : 0;
	const char *hint;

	if (fd < 0) {
		klatch_fail(error, KLATCH_ENVIRONMENT, "the livepatch can't be loaded", path, NULL,
			    "%s", g_strerror(number));
		return FALSE;
	}
	if (syscall(SYS_finit_module, fd, "", 0))
		number = errno;
	close(fd);
	if (!number)
		return TRUE;
	const char *why = load_why(number, &hint);
	g_autofree char *complaints = complaints_after(host, before);
	klatch_fail(error, KLATCH_REFUSED, "the livepatch can't be loaded", path, hint, "%s%s", why,
		    complaints);
	return FALSE;
}

/* Files of sysfs take what is written in one piece, and answer by the error. */
static int write_file(const struct host *host, const char *livepatch, const char *name,
		      const char *text)
{
	g_autofree char *path =
		g_build_filename(host->sys, "kernel/livepatch", livepatch, name, NULL);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int number = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		number = errno;
	close(fd);
	return number;
}

gboolean host_enable(const struct host *host, const char *name, gboolean enable, GError **error)
{
	int number = write_file(host, name, "enabled", enable ? "1" : "0");

	if (!number)
		return TRUE;
	klatch_fail(error, number == EACCES ? KLATCH_ENVIRONMENT : KLATCH_REFUSED,
		    enable ? "the livepatch can't be enabled" : "the livepatch can't be disabled",
		    name, "klatch status shows the state of each", "%s",
		    number == EBUSY ? "another livepatch is in transition" : g_strerror(number));
	return FALSE;
}

gboolean host_force(const struct host *host, const char *name, GError **error)
{
	int number = write_file(host, name, "force", "1");

	if (!number)
		return TRUE;
	klatch_fail(error, KLATCH_REFUSED, "the transition can't be forced", name, NULL, "%s",
		    number == EINVAL ? "it is not in transition any more" : g_strerror(number));
	return FALSE;
}

gboolean host_remove(const struct host *host, const char *name, GError **error)
{
	gint64 end = g_get_monotonic_time() + REMOVE_TIME;
	int number;

	do {
		number = syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
		if (!number || number == ENOENT)
			return TRUE;
		if (number == EAGAIN)
			g_usleep(POLL_TIME);
	} while (number == EAGAIN && g_get_monotonic_time() < end);
	klatch_fail(error, KLATCH_REFUSED, "the livepatch's module can't be removed", name,
		    number == EAGAIN ? "one that was left by force stays until the next boot"
				     : NULL,
		    "%s", number == EAGAIN ? "something still uses it" : g_strerror(number));
	return FALSE;
}

static void report_tasks(const struct host *host, gboolean patching, struct progress *progress)
{
	guint waiting, total;

	host_tasks_count(host, patching, &waiting, &total);
	g_autofree char *stage = g_strdup_printf(
		"%s: %u of %u tasks to go", patching ? "patching" : "unpatching", waiting, total);
	progress_report(progress, stage, total ? (total - waiting) / (double)total : -1);
}

gboolean host_wait(const struct host *host, const char *name, double seconds,
		   struct progress *progress)
{
	gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_TIME_SPAN_SECOND);

	for (;;) {
		g_autofree char *moving =
			host_text(host->sys, "kernel/livepatch", name, "transition", NULL);
		g_autofree char *enabled =
			host_text(host->sys, "kernel/livepatch", name, "enabled", NULL);

		/* The directory of a disabled one is gone a moment after its transition. */
		if (!host_number(moving, 0) && (!enabled || host_number(enabled, 0)))
			return TRUE;
		if (seconds >= 0 && g_get_monotonic_time() >= end)
			return FALSE;
		if (progress)
			report_tasks(host, host_number(enabled, 0), progress);
		g_usleep(POLL_TIME);
	}
}
