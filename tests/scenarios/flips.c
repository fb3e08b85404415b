/*
 * Flips the static keys of kt_target and of kt_owner, and changes their static calls, again and
 * again.  Either module may be gone now and then.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void write_to(const char *path, char value)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0)
		return;
	if (write(file, &value, 1) < 0)
		usleep(1000);
	close(file);
	usleep(5000);
}

int main(void)
{
	for (unsigned int i = 0;; i++) {
		write_to("/sys/module/kt_target/parameters/keys", '0' + i % 4);
		write_to("/sys/module/kt_owner/parameters/key", '0' + i / 2 % 2);
		write_to("/sys/module/kt_target/parameters/call", '1' + i % 2);
		write_to("/sys/module/kt_owner/parameters/call", '1' + i / 3 % 2);
	}
}
