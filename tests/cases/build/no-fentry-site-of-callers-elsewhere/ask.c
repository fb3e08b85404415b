/* What /proc says of the system call that reads it: number, six arguments, stack pointer, place. */
#include <stdio.h>

int main(void)
{
	FILE *file = fopen("/proc/self/syscall", "r");
	unsigned long long stack;

	if (!file || fscanf(file, "%*s %*s %*s %*s %*s %*s %*s %llx", &stack) != 1)
		return 1;
	printf("the stack pointer is %s\n", stack ? "told" : "zero");
	fclose(file);
	return 0;
}
