/*
 * QEMU, with hardware virtualisation where that works and emulation elsewhere.
 */
#include "lab/machine.h"

#include <unistd.h>

#include "base/error.h"
#include "base/files.h"

#define QEMU "qemu-system-x86_64"

#define PROBE_SECONDS 2
#define PROBE_DEVICE  "isa-debug-exit,iosize=4,iobase=0xf4"
#define PROBE_PORT    0xf4
#define PROBE_SAYS    0x10
#define PROBE_STATUS  (PROBE_SAYS << 1 | 1) /* what isa-debug-exit makes of it */

/*
 * What every machine has: nothing that is not named.  -cpu max: all that the accelerator offers, as
 * the kernel patches its own code for what it finds.  Emulation with a thread for each processor.
 */
#define COMMON                                                                                     \
	QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-cpu", "max"

/*
 * The kernel says little while it boots (each character costs under emulation; the guest raises the
 * level) and ends the machine rather than wait at a panic or an oops.  The log must hold all that
 * loading a large driver says.
 */
#define KERNEL_ARGUMENTS "console=ttyS0 quiet panic=-1 oops=panic log_buf_len=1M printk.devkmsg=on"

/* The smallest of kernels, by the Multiboot specification (version 0.6.96): out, then hlt. */
#define PROBE_BASE 0x100000
static const struct {
	guint32 magic, flags, checksum;
	guint32 header, load, load_end, bss_end, entry;
	guint8 code[8];
} probe_kernel = {
	.magic = 0x1badb002,
	.flags = 0x10000, /* the addresses stand in the header */
	.checksum = -(0x1badb002 + 0x10000),
	.header = PROBE_BASE,
	.load = PROBE_BASE,
	.entry = PROBE_BASE + G_STRUCT_OFFSET(typeof(probe_kernel), code),
	.code = {0xb0, PROBE_SAYS, 0xe6, PROBE_PORT, 0xf4},
};

static gboolean kvm_works(const char *directory)
{
	g_autofree char *kernel = g_build_filename(directory, "probe", NULL);
	const char *argv[] = {COMMON, "-accel",	 "kvm",	       "-kernel",
			      kernel, "-device", PROBE_DEVICE, NULL};
	const struct process process = {.argv = argv, .timeout = PROBE_SECONDS};
	AUTO_PROCESS_RESULT result = {0};

	return !access("/dev/kvm", R_OK | W_OK) &&
	       files_write(kernel, &probe_kernel, sizeof(probe_kernel), NULL) &&
	       process_run(&process, &result, NULL) && result.status == PROBE_STATUS;
}

const char *machine_accelerator(const char *directory)
{
	return kvm_works(directory) ? "kvm" : "emulation";
}

gboolean machine_run(const struct machine *machine, struct process_result *result, GError **error)
{
	gboolean kvm = g_str_equal(machine->accelerator, "kvm");
	g_autofree char *memory = g_strdup_printf("%u", machine->memory);
	g_autofree char *log = g_strdup_printf("file:%s", machine->log_path);
	const char *argv[] = {COMMON,
			      "-accel",
			      kvm ? "kvm" : "tcg,thread=multi",
			      "-smp",
			      "2",
			      "-m",
			      memory,
			      "-serial",
			      log,
			      "-serial",
			      "stdio",
			      "-kernel",
			      machine->kernel,
			      "-initrd",
			      machine->initramfs,
			      "-append",
			      KERNEL_ARGUMENTS,
			      NULL};
	const struct process process = {.argv = argv, .timeout = machine->timeout};
	GError *cause = NULL;

	if (process_run(&process, result, &cause))
		return TRUE;
	klatch_adopt(error, KLATCH_ENVIRONMENT, "a virtual machine can't be started", NULL,
		     "apt-get install qemu-system-x86", cause);
	return FALSE;
}
