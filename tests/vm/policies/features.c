/*
 * Asks tun for its features: "fixed" if the fix's bit is among them.  With an argument stays until
 * it is killed, so that the module is in use.
 */
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = open("/tmp/tun", O_RDWR);
	unsigned int features;

	if (fd < 0 || ioctl(fd, TUNGETFEATURES, &features)) {
		perror("tun");
		return 1;
	}
	puts(features & 0x10000 ? "fixed" : "vulnerable");
	fflush(stdout);
	if (argc > 1)
		pause();
	return 0;
}
