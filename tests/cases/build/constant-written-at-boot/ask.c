/* waitid(2) with addresses for the answer: of the program, of nothing, and such as no user has. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void ask(const char *what, void *address)
{
	errno = 0;
	syscall(SYS_waitid, P_ALL, 0, address, WEXITED | WNOHANG, NULL);
	printf("%s: %s\n", what, strerror(errno));
}

int main(void)
{
	siginfo_t info;

	ask("own", &info);
	ask("unmapped", (void *)16);
	ask("kernel", (void *)0xffffffff81000000);
	ask("below the placeholder", (void *)0x0103456789abcdef);
}
