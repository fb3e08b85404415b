/*
 * Devices: the host adds and removes them when it is asked to, and for those that come their
 * modules are loaded, as udev does: the kernel tells of each device by netlink, with the name that
 * its driver may be known by.
 */
#include "guest.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SECONDS 20
#define KERNEL_EVENTS  1 /* the multicast group */

static const char modalias[] = "MODALIAS=";

/* A message is texts, each ended by a NUL: "add@/devices/...", "ACTION=add", "MODALIAS=...". */
static void handle_event(struct guest *guest, const char *message, size_t size)
{
	if (strncmp(message, "add@", 4))
		return;
	for (size_t at = 0; at < size; at += strlen(message + at) + 1)
		if (!strncmp(message + at, modalias, sizeof(modalias) - 1))
			module_probe(guest, message + at + sizeof(modalias) - 1);
}

/* Never returns. */
static void watch(struct guest *guest, int events)
{
	char message[8192];

	for (;;) {
		ssize_t size = recv(events, message, sizeof(message) - 1, 0);

		if (size <= 0)
			continue;
		message[size] = '\0';
		handle_event(guest, message, (size_t)size);
	}
}

void devices_watch(struct guest *guest)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_EVENTS};
	int events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	FILE *silence;

	if (events < 0 || bind(events, (struct sockaddr *)&address, sizeof(address)) || fork()) {
		close(events);
		return;
	}
	/* The report is the parent's. */
	silence = fopen("/dev/null", "we");
	if (!silence)
		_exit(1);
	guest->report = silence;
	watch(guest, events);
}

void devices_announce(void)
{
	glob_t found;

	if (glob("/sys/bus/*/devices/*/uevent", 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		int fd = open(found.gl_pathv[i], O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		dprintf(fd, "add"); /* not every device can tell of itself */
		close(fd);
	}
	globfree(&found);
}

/* Reads the host's answer, a line. */
static void read_answer(const struct guest *guest, char *answer, size_t size)
{
	struct pollfd wait = {.fd = guest->answers, .events = POLLIN};
	size_t length = 0;

	while (length + 1 < size && poll(&wait, 1, ANSWER_SECONDS * 1000) > 0 &&
	       read(guest->answers, answer + length, 1) == 1 && answer[length] != '\n')
		length++;
	answer[length] = '\0';
}

static enum outcome ask(struct guest *guest, const char *command, const char *what)
{
	char answer[512];

	fprintf(guest->report, "ask %s %s\n", command, what);
	fflush(guest->report);
	read_answer(guest, answer, sizeof(answer));
	if (!strcmp(answer, "done"))
		return PASSED;
	guest_note(guest, "QEMU's %s %s: %s", command, what, *answer ? answer : "no answer");
	return FAILED;
}

enum outcome device_plug(struct guest *guest, char *arguments)
{
	return ask(guest, "device_add", arguments);
}

enum outcome device_unplug(struct guest *guest, char *arguments)
{
	return ask(guest, "device_del", arguments);
}
