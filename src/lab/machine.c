/*
 * QEMU, with hardware virtualisation where that works and emulation elsewhere.
 */
#include "lab/machine.h"

#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "lab/plugs.h"

#define QEMU "qemu-system-x86_64"

#define PROBE_SECONDS 2
#define PROBE_DEVICE  "isa-debug-exit,iosize=4,iobase=0xf4"
#define PROBE_PORT    0xf4
#define PROBE_SAYS    0x10
#define PROBE_STATUS  (PROBE_SAYS << 1 | 1) /* what isa-debug-exit makes of it */

/*
 * What every machine has: nothing that is not named.  -cpu max: all that the accelerator offers, as
 * the kernel patches its own code for what it finds.
 *
 * Emulation with one thread for both processors: with a thread for each, QEMU 7.2 can let one run
 * an instruction that the other has written over and told it so.  A 6.12 kernel, which rewrites
 * thousands of calls for each transition of a livepatch, then dies of an int3 of its own.
 */
#define COMMON                                                                                     \
	QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-cpu", "max"

/*
 * The kernel says little while it boots (each character costs under emulation; the guest raises the
 * level) and ends the machine rather than wait at a panic or an oops.  The log must hold all that
 * loading a large driver says.  A busy host may let the timer's ticks come too late for the
 * kernel's check of it.
 */
#define KERNEL_ARGUMENTS                                                                           \
	"console=ttyS0 quiet panic=-1 oops=panic no_timer_check log_buf_len=1M printk.devkmsg=on"

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

char *machine_console(const char *directory)
{
	return g_build_filename(directory, "console", NULL);
}

char *machine_report(const char *directory)
{
	return g_build_filename(directory, "report", NULL);
}

char *machine_escape(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);

	return g_strjoinv(",,", parts);
}

static void add(GPtrArray *argv, const char *option, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add(GPtrArray *argv, const char *option, const char *format, ...)
{
	va_list arguments;

	g_ptr_array_add(argv, g_strdup(option));
	va_start(arguments, format);
	g_ptr_array_add(argv, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

/* The report goes to a file, and if it is to be answered to a socket too. */
static void add_ports(GPtrArray *argv, const struct machine *machine)
{
	g_autofree char *directory = machine_escape(machine->directory);
	g_autofree char *console = machine_console(directory);
	g_autofree char *report = machine_report(directory);

	add(argv, "-serial", "file:%s", console);
	if (machine->plugs) {
		add(argv, "-chardev",
		    "socket,id=report,path=%s.socket,server=on,wait=off,logfile=%s", report,
		    report);
		add(argv, "-qmp", "unix:%s/monitor.socket,server=on,wait=off", directory);
	} else {
		add(argv, "-chardev", "file,id=report,path=%s", report);
	}
	add(argv, "-serial", "chardev:report");
}

static GPtrArray *make_argv(const struct machine *machine)
{
	static const char *const common[] = {COMMON};
	gboolean kvm = g_str_equal(machine->accelerator, "kvm");
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	for (gsize i = 0; i < G_N_ELEMENTS(common); i++)
		g_ptr_array_add(argv, g_strdup(common[i]));
	add(argv, "-accel", "%s", kvm ? "kvm" : "tcg,thread=single");
	add(argv, "-smp", "2");
	add(argv, "-m", "%u", machine->memory);
	add_ports(argv, machine);
	for (guint i = 0; i < machine->devices->len; i++)
		g_ptr_array_add(argv, g_strdup(machine->devices->pdata[i]));
	add(argv, "-kernel", "%s", machine->kernel);
	add(argv, "-initrd", "%s", machine->initramfs);
	add(argv, "-append", KERNEL_ARGUMENTS "%s", machine->arguments);
	g_ptr_array_add(argv, NULL);
	return argv;
}

gboolean machine_run(const struct machine *machine, struct process_result *result, GError **error)
{
	g_autoptr(GPtrArray) argv = make_argv(machine);
	g_autofree char *report = machine_report(machine->directory);
	g_autofree char *socket = g_strconcat(report, ".socket", NULL);
	g_autofree char *monitor = g_build_filename(machine->directory, "monitor.socket", NULL);
	AUTO(plugs) plugs = machine->plugs ? plugs_new(socket, monitor) : NULL;
	const struct process process = {
		.argv = (const char *const *)argv->pdata,
		.timeout = machine->timeout,
	};
	GError *cause = NULL;

	(void)plugs; /* they come and go until this function ends */
	if (process_run(&process, result, &cause))
		return TRUE;
	klatch_adopt(error, KLATCH_ENVIRONMENT, "a virtual machine can't be started", NULL,
		     "apt-get install qemu-system-x86", cause);
	return FALSE;
}
