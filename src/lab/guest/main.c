/*
 * /init of the virtual machine: mounts what is needed, follows the plan, and ends the machine.  By
 * the name of modprobe it is what the kernel runs when it asks for a module.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define REPORT_DEVICE		    "/dev/ttyS1"
#define SYSLOG_ACTION_CONSOLE_LEVEL 8

static const struct {
	const char *type, *path;
} mounts[] = {
	{"proc", "/proc"},
	{"sysfs", "/sys"},
	{"devtmpfs", "/dev"},
	{"debugfs", "/sys/kernel/debug"},
	{"tracefs", "/sys/kernel/tracing"},
};

void guest_note(struct guest *guest, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("note ", guest->report);
	vfprintf(guest->report, format, arguments);
	va_end(arguments);
	fputc('\n', guest->report);
	fflush(guest->report);
}

void guest_time(struct guest *guest, uint64_t microseconds, const char *verb, const char *name)
{
	fprintf(guest->report, "time %" PRIu64 " %s %s\n", microseconds, verb, name);
	fflush(guest->report);
}

/* A line of the report is a line: the terminal must not add carriage returns. */
static FILE *open_report(void)
{
	int fd = open(REPORT_DEVICE, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	struct termios settings;

	if (fd < 0)
		return NULL;
	if (!tcgetattr(fd, &settings)) {
		cfmakeraw(&settings);
		tcsetattr(fd, TCSANOW, &settings);
	}
	return fdopen(fd, "w");
}

static void follow(struct guest *guest)
{
	char *plan = plan_read();

	fprintf(guest->report, "klatch guest\n");
	fflush(guest->report);
	if (!plan) {
		guest_note(guest, "the plan can't be read: %s", strerror(errno));
		return;
	}
	/* Boot has its own warnings, which are no concern of the livepatch. */
	lseek(guest->kernel_log, 0, SEEK_END);
	plan = plan_facts(guest, plan);
	if (guest->devices)
		devices_watch(guest);
	plan_follow(guest, plan);
}

/* What /sbin/modprobe does. */
static int probe(const char *name)
{
	struct guest guest = {.report = fopen("/dev/null", "we")};
	char *plan = plan_read();

	if (!plan || !guest.report)
		return 1;
	plan_facts(&guest, plan);
	return !module_probe(&guest, name);
}

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].path, 0755);
		mount(mounts[i].type, mounts[i].path, mounts[i].type, 0, NULL);
	}
}

int main(int argc, char **argv)
{
	struct guest guest = {0};

	if (!strcmp(basename(argv[0]), "modprobe"))
		return probe(argv[argc - 1]);
	mount_all();
	/* The kernel boots quietly, as each character costs under emulation; from here on all. */
	klogctl(SYSLOG_ACTION_CONSOLE_LEVEL, NULL, 8);
	guest.report = open_report();
	guest.answers = open(REPORT_DEVICE, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	guest.kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	guest.kernel_say = fopen("/dev/kmsg", "we");
	if (guest.report && guest.kernel_log >= 0 && guest.kernel_say) {
		follow(&guest);
		tcdrain(fileno(guest.report));
	}
	/* QEMU is told to end when the machine restarts: that needs no ACPI. */
	reboot(RB_AUTOBOOT);
	return 1;
}
