/*
 * In the virtual machine: what the running kernel itself says of its sites.
 *	guest MODULE...		prints "NAME N" lines: ftrace of vmlinux at boot, then of each module
 *				its functions that ftrace knows and its debug messages
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/stat.h>

static int lines_with(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char line[1024];
	int count = 0;

	if (!file) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), file))
		count += strstr(line, text) != NULL;
	fclose(file);
	return count;
}

int main(int argc, char **argv)
{
	static char log[1 << 20];
	const char *at;
	int size = klogctl(3 /* read all */, log, sizeof(log) - 1);

	at = size > 0 ? strstr(log, "ftrace: allocating ") : NULL;
	printf("vmlinux %d\n", at ? atoi(at + strlen("ftrace: allocating ")) : -1);
	mkdir("/tracing", 0755);
	if (mount("tracefs", "/tracing", "tracefs", 0, NULL)) {
		perror("tracefs");
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		char text[80];

		snprintf(text, sizeof(text), "[%s]", argv[i]);
		printf("%s %d %d\n", argv[i],
		       lines_with("/tracing/available_filter_functions", text),
		       lines_with("/proc/dynamic_debug/control", text));
	}
	return 0;
}
