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
	const char *arguments;	 /* for the kernel's command line, or "" */
	const char *directory;	 /* for the machine's files, named below, and its sockets */
	GPtrArray *devices;	 /* of char *: further arguments of QEMU's */
	gboolean plugs;		 /* devices come and go: requests in the report are answered */
	unsigned int memory;	 /* MiB */
	unsigned int timeout;	 /* seconds */
};

/* What the first serial port said, the kernel's console, and the second, the guest's report: files
 * in the machine's directory.  Caller frees. */
char *machine_console(const char *directory);
char *machine_report(const char *directory);

/*
 * "kvm" if a machine truly runs with it, else "emulation".  On some machines /dev/kvm exists and a
 * machine hangs or is refused, so a very small one is tried, for two seconds at most.  directory:
 * for the trial's file.
 */
const char *machine_accelerator(const char *directory);

/*
 * Runs a machine to its end.  result is QEMU's own.  KLATCH_ENVIRONMENT if it can't be started.
 */
gboolean machine_run(const struct machine *machine, struct process_result *result, GError **error);

/* A text as part of an argument of QEMU's, where a comma has a meaning.  Caller frees. */
char *machine_escape(const char *text);

#endif
