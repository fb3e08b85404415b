/*
 * Runs the functions of modules all the time, from another processor, by reading files that come
 * and go: reader FILE...
 */
#include <fcntl.h>
#include <unistd.h>

#define PAUSE 2000 /* microseconds */

int main(int argc, char **argv)
{
	char text[4096];

	for (int i = 1;; i = i % (argc - 1) + 1) {
		int file = open(argv[i], O_RDONLY);

		if (file >= 0 && read(file, text, sizeof(text)) > 0)
			close(file);
		else if (file >= 0)
			close(file);
		usleep(PAUSE);
	}
}
