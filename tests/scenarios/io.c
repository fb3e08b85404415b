/*
 * What a file system's scenario needs: io write DIRECTORY writes, syncs, reads back and compares
 * until it is ended; io names DIRECTORY prints how long a name can be.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

static volatile sig_atomic_t over;

static void end(int signal)
{
	over = signal;
}

static int write_and_read(int fd, unsigned int round)
{
	char out[8192], in[8192];

	memset(out, (int)(round % 255) + 1, sizeof(out));
	return pwrite(fd, out, sizeof(out), 0) == sizeof(out) && !fsync(fd) &&
	       pread(fd, in, sizeof(in), 0) == sizeof(in) && !memcmp(out, in, sizeof(in));
}

static int keep_writing(const char *directory)
{
	char path[256];
	unsigned int round = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/file", directory);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	signal(SIGTERM, end);
	while (!over)
		if (fd < 0 || !write_and_read(fd, round++)) {
			perror(path);
			return 1;
		}
	printf("%s\n", round ? "all was read as it was written" : "nothing was written");
	return !round;
}

int main(int argc, char **argv)
{
	struct statfs statistics;

	if (argc == 3 && !strcmp(argv[1], "write"))
		return keep_writing(argv[2]);
	if (argc != 3 || statfs(argv[2], &statistics))
		return 1;
	printf("names of %ld bytes\n", (long)statistics.f_namelen);
	return 0;
}
