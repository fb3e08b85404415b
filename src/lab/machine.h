/*
 * QEMU: a machine that boots a kernel with an initramfs and ends by itself, or is ended.
 */
#ifndef KLATCH_LAB_MACHINE_H
#define KLATCH_LAB_MACHINE_H

#include <glib.h>

#include "base/process.h"

struct machine {
	const char *accelerator; /* as machine_accelerator() says */
	const char *kernel;	 /* vmlinuz */
	const char *initramfs;	 /* path of the archive */
	const char *log_path;	 /* where the first serial port goes: the kernel's console */
	unsigned int memory;	 /* MiB */
	unsigned int timeout;	 /* seconds */
};

/*
 * "kvm" if a machine truly runs with it, else "emulation".  On some machines /dev/kvm exists and a
 * machine hangs or is refused, so a very small one is tried, for two seconds at most.  directory:
 * for the trial's file.
 */
const char *machine_accelerator(const char *directory);

/*
 * Runs a machine to its end.  result->output is what the second serial port said, result->errors
 * what QEMU itself complained of.  KLATCH_ENVIRONMENT if QEMU can't be started.
 */
gboolean machine_run(const struct machine *machine, struct process_result *result, GError **error);

#endif
