/*
 * Boots a prepared kernel with an initramfs of the caller's, in the machine that trials run in.
 *
 *	boot RELEASE INITRAMFS DIRECTORY SECONDS
 *
 * What the two serial ports say is kept in the directory (lab/machine.h).  Fails if the machine
 *does not end by itself in that time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "kernel/kernel.h"
#include "lab/machine.h"

#define MEMORY 1024

static gboolean boot(char **argv, struct process_result *result, GError **error)
{
	AUTO(kernel) kernel = kernel_open(argv[1], error);
	g_autoptr(GPtrArray) devices = g_ptr_array_new();
	struct machine machine = {
		.initramfs = argv[2],
		.arguments = "",
		.directory = argv[3],
		.devices = devices,
		.memory = MEMORY,
		.timeout = (unsigned int)atoi(argv[4]),
	};

	if (!kernel)
		return FALSE;
	machine.kernel = kernel->vmlinuz;
	machine.accelerator = machine_accelerator(machine.directory);
	return machine_run(&machine, result, error);
}

int main(int argc, char **argv)
{
	AUTO_PROCESS_RESULT result = {0};
	g_autoptr(GError) error = NULL;

	if (argc != 5) {
		fprintf(stderr, "usage: boot RELEASE INITRAMFS DIRECTORY SECONDS\n");
		return 2;
	}
	if (!boot(argv, &result, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return 2;
	}
	fputs(result.errors, stderr);
	return result.status || result.timed_out;
}
