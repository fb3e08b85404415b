/*
 * Files of the kernel, which tell how a module behaves, and file systems.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SECONDS 20
#define FILE_SIZE    65536 /* as much of it is read */
#define SHOWN	     200

struct wanted {
	const char *path;
	const char *text; /* "" for none */
	char *content;	  /* FILE_SIZE */
	ssize_t size;	  /* -1: it can't be read */
};

static bool read_all(struct wanted *wanted)
{
	int fd = open(wanted->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = 1;

	wanted->size = -1;
	if (fd < 0)
		return false;
	for (wanted->size = 0; got > 0 && wanted->size < FILE_SIZE; wanted->size += got) {
		got = read(fd, wanted->content + wanted->size, FILE_SIZE - (size_t)wanted->size);
		if (got < 0)
			break;
	}
	close(fd);
	return true;
}

static bool is_there(const void *what)
{
	struct wanted wanted = *(const struct wanted *)what;

	if (!*wanted.text)
		return !access(wanted.path, F_OK);
	return read_all(&wanted) &&
	       memmem(wanted.content, (size_t)wanted.size, wanted.text, strlen(wanted.text));
}

static bool is_not_there(const void *path)
{
	return access(path, F_OK);
}

/* What a file holds instead of what it should. */
static void note_content(struct guest *guest, struct wanted *wanted)
{
	if (!read_all(wanted)) {
		guest_note(guest, "%s can't be read: %s", wanted->path, strerror(errno));
		return;
	}
	wanted->content[wanted->size < SHOWN ? wanted->size : SHOWN] = '\0';
	wanted->content[strcspn(wanted->content, "\n")] = '\0';
	guest_note(guest, "%s holds: %s", wanted->path, wanted->content);
}

enum outcome file_read(struct guest *guest, char *arguments)
{
	struct wanted wanted = {.path = plan_word(&arguments), .content = malloc(FILE_SIZE)};
	bool found;

	if (!wanted.content)
		abort();
	wanted.text = arguments + strspn(arguments, " \t");
	found = wait_until(FILE_SECONDS, is_there, &wanted);
	if (!found)
		note_content(guest, &wanted);
	free(wanted.content);
	return found ? PASSED : FAILED;
}

enum outcome file_gone(struct guest *guest, char *arguments)
{
	const char *path = plan_word(&arguments);

	if (wait_until(FILE_SECONDS, is_not_there, path))
		return PASSED;
	guest_note(guest, "%s is still there", path);
	return FAILED;
}

enum outcome file_write(struct guest *guest, char *arguments)
{
	const char *path = plan_word(&arguments);
	const char *text = arguments + strspn(arguments, " \t");
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!written) {
		guest->refused = true;
		guest_note(guest, "%s can't be written: %m", path);
	}
	if (fd >= 0)
		close(fd);
	return written ? PASSED : FAILED;
}

/* Makes a device of a file that is gone with the last user of the device.  Its number, or -1. */
static int attach_loop(int file, int *device)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = {.fd = (uint32_t)file, .info.lo_flags = LO_FLAGS_AUTOCLEAR};
	int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	char path[32];

	if (control >= 0)
		close(control);
	snprintf(path, sizeof(path), "/dev/loop%d", number);
	*device = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
	if (*device < 0 || ioctl(*device, LOOP_CONFIGURE, &config))
		return -1;
	return number;
}

/* An image that came along; the loop device stays as long as it is mounted. */
static bool mount_image(const char *image, const char *type, const char *directory)
{
	int file = open(image, O_RDWR | O_CLOEXEC), device = -1;
	int number = file < 0 ? -1 : attach_loop(file, &device);
	char path[32];
	bool mounted;

	snprintf(path, sizeof(path), "/dev/loop%d", number);
	mounted = number >= 0 && !mount(path, directory, type, 0, NULL);
	if (device >= 0)
		close(device);
	if (file >= 0)
		close(file);
	return mounted;
}

enum outcome file_mount(struct guest *guest, char *arguments)
{
	const char *source = plan_word(&arguments), *type = plan_word(&arguments);
	const char *directory = plan_word(&arguments);
	bool is_image = *source != '/', mounted;
	char image[256];

	snprintf(image, sizeof(image), "/files/%s", source);
	mkdir(directory, 0755);
	mounted = is_image ? mount_image(image, type, directory)
			   : !mount(source, directory, type, 0, NULL);
	if (mounted)
		return PASSED;
	guest->refused = true;
	guest_note(guest, "%s can't be mounted: %m", source);
	return FAILED;
}

enum outcome file_umount(struct guest *guest, char *arguments)
{
	const char *directory = plan_word(&arguments);

	if (!umount2(directory, 0))
		return PASSED;
	guest->refused = true;
	guest_note(guest, "%s can't be unmounted: %m", directory);
	return FAILED;
}
