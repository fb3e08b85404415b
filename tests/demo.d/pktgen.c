/*
 * The packet generator's control file takes a command.  Before the fix only one with a newline
 * behind it: without it the last letter was cut off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	int file = open("/proc/net/pktgen/pgctrl", O_WRONLY);
	ssize_t written = write(file, "reset", 5);

	printf("pktgen, told to reset without a newline: %s\n",
	       written == 5 ? "done" : strerror(errno));
	return 0;
}
