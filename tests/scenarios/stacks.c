/*
 * A task in a function of kt_target (one at a time: its parameters have a lock), and its stack:
 *
 *	stacks hold PARAMETER			it stays there until this program ends
 *	stacks look PARAMETER FUNCTION TAIL	a hundred looks at its stack
 *
 * A stack is whole if it goes from the function to the system call, or to the interrupt's entry and
 * on: the kernel's unwinder ends where it does not know on.  How many were in the last TAIL bytes of
 * the function is shown, too.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t enter(const char *parameter)
{
	static const char milliseconds[] = "60000";
	char path[100];
	pid_t child = fork();

	if (child) {
		usleep(300000);
		return child;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "/sys/module/kt_target/parameters/%s", parameter);
	int file = open(path, O_WRONLY);
	for (;;)
		if (file < 0 || write(file, milliseconds, strlen(milliseconds)) < 0)
			_exit(1);
}

/* A task's stack as text; "" if it can't be had. */
static void read_stack(pid_t task, char *text, size_t size)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/stack", task);
	int file = open(path, O_RDONLY);
	ssize_t length = file < 0 ? 0 : read(file, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	if (file >= 0)
		close(file);
}

struct seen {
	unsigned int whole, tail;
};

/* False for a stack that is cut short. */
static int look(pid_t task, const char *function, unsigned long tail, struct seen *seen)
{
	char text[8192];
	unsigned long offset, size;

	read_stack(task, text, sizeof(text));
	const char *at = strstr(text, function);
	if (!at || sscanf(at + strlen(function), "+0x%lx/0x%lx", &offset, &size) != 2)
		return 1; /* it is on its way there */
	if (!strstr(at, "do_syscall_64") || !strstr(at, "_set+")) {
		printf("cut short:\n%s", text);
		return 0;
	}
	seen->whole++;
	seen->tail += offset >= size - tail;
	return 1;
}

static int look_often(const char *parameter, const char *function, unsigned long tail)
{
	pid_t task = enter(parameter);
	struct seen seen = {0};
	int good = 1;

	for (int i = 0; i < 100 && good; i++) {
		good = look(task, function, tail, &seen);
		usleep(10000 + i * 100);
	}
	kill(task, SIGKILL);
	wait(NULL);
	if (good && seen.whole)
		printf("whole: %s\n", seen.whole > 50 ? "most" : "some");
	if (good && seen.tail)
		printf("in the last bytes: some\n");
	printf("%u whole stacks, %u in the last bytes\n", seen.whole, seen.tail);
	return !good;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "look"))
		return look_often(argv[2], argv[3], strtoul(argv[4], NULL, 0));
	if (argc != 3 || strcmp(argv[1], "hold"))
		return 2;
	enter(argv[2]);
	pause();
	return 0;
}
