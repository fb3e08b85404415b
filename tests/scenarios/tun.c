/*
 * A device t0 of tun's: tun hold keeps it; tun read sleeps in a read of it, to which nobody ever
 * writes; tun once tries to read and ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct ifreq request = {.ifr_name = "t0", .ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR);
	char bytes[4];

	if (argc != 2 || fd < 0 || ioctl(fd, TUNSETIFF, &request)) {
		perror("t0");
		return 1;
	}
	if (!strcmp(argv[1], "hold"))
		pause();
	if (!strcmp(argv[1], "once"))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return read(fd, bytes, sizeof(bytes)) >= 0 || errno != EAGAIN;
}
