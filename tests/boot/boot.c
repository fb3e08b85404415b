/*
 * Boots a prepared kernel with an initramfs of the caller's, in the machine that trials run in.
 *
 *	boot RELEASE INITRAMFS LOG SECONDS
 *
 * What the second serial port says comes out; the first one, the console, goes to LOG.  Fails if
 * the machine does not end by itself in that time.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/workspace.h"
#include "kernel/kernel.h"
#include "lab/machine.h"

#define MEMORY 1024

static gboolean boot(char **argv, struct process_result *result, GError **error)
{
	AUTO(kernel) kernel = kernel_open(argv[1], error);
	AUTO(workspace) workspace = kernel ? workspace_new(error) : NULL;
	struct machine machine = {
		.initramfs = argv[2],
		.log_path = argv[3],
		.memory = MEMORY,
		.timeout = (unsigned int)atoi(argv[4]),
	};

	if (!workspace)
		return FALSE;
	machine.kernel = kernel->vmlinuz;
	machine.accelerator = machine_accelerator(workspace->path);
	return machine_run(&machine, result, error);
}

int main(int argc, char **argv)
{
	AUTO_PROCESS_RESULT result = {0};
	g_autoptr(GError) error = NULL;

	if (argc != 5) {
		fprintf(stderr, "usage: boot RELEASE INITRAMFS LOG SECONDS\n");
		return 2;
	}
	if (!boot(argv, &result, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return 2;
	}
	fputs(result.output, stdout);
	fputs(result.errors, stderr);
	return result.status || result.timed_out;
}
