/*
 * One trial: the machine runs with what was prepared for it, and what its guest says is read
 * against the plan.
 */
#include "lab/lab.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "lab/machine.h"
#include "lab/pack.h"
#include "lab/report.h"

#define LOG_LINES 12

/* For any machine, and more for each MiB of modules: the largest load for seconds when emulated. */
#define MEMORY		512 /* MiB; the initramfs lies in memory twice until it is unpacked */
#define MEMORY_PER_MIB	4
#define TIMEOUT		120 /* seconds */
#define TIMEOUT_PER_MIB 10

/*
 * What the kernel said since the last step began (the guest marks that), its beginning: there the
 * cause stands, and what follows are registers and stacks.
 */
static char *telling_lines(const char *log_path)
{
	g_autofree char *content = NULL;
	g_autoptr(GString) text = NULL;
	const char *from, *to;

	if (!g_file_get_contents(log_path, &content, NULL, NULL))
		return g_strdup("");
	text = g_string_new(g_strchomp(content));
	g_string_replace(text, "\r", "", 0); /* the console's line ends */
	from = g_strrstr(text->str, "klatch: ");
	from = to = from ? from : text->str;
	for (int i = 0; i < LOG_LINES && to; i++)
		to = strchr(i ? to + 1 : to, '\n');
	return g_utf8_make_valid(from, to ? to - from : -1);
}

/* What came out of a machine. */
struct outcome {
	struct process_result qemu;
	char *console; /* a path */
	char *report;  /* the text, which may have any bytes */
	gsize report_size;
};

static void outcome_clear(struct outcome *outcome)
{
	process_result_clear(&outcome->qemu);
	g_free(outcome->console);
	g_free(outcome->report);
}

/* Puts everything that the machine gave into one file. */
static gboolean keep_output(const struct lab_trial *trial, const struct outcome *outcome,
			    GError **error)
{
	const struct process_result *result = &outcome->qemu;
	g_autofree char *log = NULL;
	gsize size = 0;
	g_autoptr(GString) output = NULL;

	g_file_get_contents(outcome->console, &log, &size, NULL);
	output = g_string_new_len(log, (gssize)size);
	g_string_append(output, "\n--- the guest's report\n");
	g_string_append_len(output, outcome->report, (gssize)outcome->report_size);
	g_string_append_printf(output, "--- QEMU ended with status %d%s\n%s", result->status,
			       result->timed_out ? ", out of time" : "", result->errors);
	return files_write(trial->output_path, output->str, output->len, error);
}

/* Why the report stops where it does; all notes go to the step at which it stopped. */
static void explain_death(struct lab_step *step, const struct report *report,
			  const struct outcome *outcome)
{
	const struct process_result *result = &outcome->qemu;
	g_autofree char *lines = telling_lines(outcome->console);
	g_autofree char *timeout =
		g_strdup_printf("the machine did not end within %.0f s:", result->seconds);
	g_autofree char *errors = g_utf8_make_valid(result->errors, -1);

	lab_step_say(step, !report->sound      ? "the guest's report can't be understood"
			   : result->timed_out ? timeout
					       : "the machine died:");
	lab_step_say(step, lines);
	if (*errors)
		lab_step_say(step, g_strchomp(errors));
}

static struct lab_report *judge(const struct lab_trial *trial, const struct outcome *outcome,
				GError **error)
{
	const struct process_result *result = &outcome->qemu;
	AUTO(report) report = report_read(trial->plan, outcome->report, outcome->report_size);
	struct lab_report *judged;

	if (!report->greeted) {
		g_autofree char *lines = telling_lines(outcome->console);
		klatch_fail(error, KLATCH_ENVIRONMENT, "the virtual machine did not start",
			    trial->output_path, NULL, "%s%s%s",
			    result->timed_out ? "time is up; " : "", result->errors,
			    *lines ? lines : "the kernel said nothing");
		return NULL;
	}
	if (report->died)
		explain_death(report->died, report, outcome);
	judged = g_new0(struct lab_report, 1);
	judged->passed = report->ended;
	judged->steps = g_steal_pointer(&report->steps);
	for (guint i = 0; i < judged->steps->len; i++) {
		const struct lab_step *step = g_ptr_array_index(judged->steps, i);

		if (step->result == LAB_FAILED)
			judged->passed = FALSE;
	}
	judged->output_path = g_strdup(trial->output_path);
	return judged;
}

/* What the machine gets for the size of its initramfs. */
static void give_resources(struct machine *machine, unsigned int timeout)
{
	GStatBuf status = {0};
	unsigned int size;

	g_stat(machine->initramfs, &status);
	size = (unsigned int)(status.st_size >> 20);
	machine->memory = MEMORY + MEMORY_PER_MIB * size;
	machine->timeout = timeout ? timeout : TIMEOUT + TIMEOUT_PER_MIB * size;
}

/*
 * A drive that belongs to no device yet.  It is a copy of the file: what the machine writes is
 * thrown away with it.
 */
static gboolean add_disk(struct machine *machine, const struct plan *plan,
			 const struct plan_item *item, GError **error)
{
	g_autofree char *path = plan_item_path(plan, item);
	g_autofree char *name = g_path_get_basename(item->name);
	g_autofree char *copy = g_strdup_printf("%s/disk.%s", machine->directory, name);
	g_autofree char *escaped = machine_escape(copy);
	g_autoptr(GFile) from = g_file_new_for_path(path), to = g_file_new_for_path(copy);
	GError *cause = NULL;

	if (!g_file_copy(from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, &cause)) {
		klatch_adopt(error, KLATCH_ENVIRONMENT, "a disk can't be made", path, NULL, cause);
		return FALSE;
	}
	g_ptr_array_add(machine->devices, g_strdup("-blockdev"));
	g_ptr_array_add(machine->devices,
			g_strdup_printf("driver=raw,node-name=%s,file.driver=file,file.filename=%s",
					name, escaped));
	return TRUE;
}

static gboolean add_devices(struct machine *machine, const struct plan *plan, GError **error)
{
	for (guint i = 0; i < plan->items->len; i++) {
		const struct plan_item *item = g_ptr_array_index(plan->items, i);

		if (item->kind == PLAN_DISK && !add_disk(machine, plan, item, error))
			return FALSE;
		if (item->kind != PLAN_DEVICE)
			continue;
		g_ptr_array_add(machine->devices, g_strdup("-device"));
		g_ptr_array_add(machine->devices, g_strdup(item->name));
	}
	return TRUE;
}

static char *boot_arguments(const struct plan *plan)
{
	GString *arguments = g_string_new(NULL);

	for (guint i = 0; i < plan->items->len; i++) {
		const struct plan_item *item = g_ptr_array_index(plan->items, i);

		if (item->kind == PLAN_BOOT)
			g_string_append_printf(arguments, " %s", item->name);
	}
	return g_string_free(arguments, FALSE);
}

/* Boots the machine with all that the plan wants, and takes what comes out of it. */
static gboolean run_machine(const struct lab_trial *trial, struct machine *machine,
			    struct outcome *outcome, GError **error)
{
	g_autoptr(GPtrArray) devices = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *arguments = boot_arguments(trial->plan);
	g_autofree char *report = machine_report(trial->directory);

	machine->arguments = arguments;
	machine->directory = trial->directory;
	machine->devices = devices;
	machine->plugs = plan_has_devices(trial->plan);
	give_resources(machine, trial->timeout);
	if (!files_remove_tree(report, error) || !add_devices(machine, trial->plan, error) ||
	    !machine_run(machine, &outcome->qemu, error))
		return FALSE;
	outcome->console = machine_console(trial->directory);
	if (!g_file_get_contents(report, &outcome->report, &outcome->report_size, NULL))
		outcome->report = g_strdup(""); /* QEMU did not come so far */
	return TRUE;
}

struct lab_report *lab_run(const struct lab_trial *trial, struct progress *progress, GError **error)
{
	gint64 began = g_get_monotonic_time();
	g_autofree char *initramfs = g_build_filename(trial->directory, "initramfs", NULL);
	__attribute__((cleanup(outcome_clear))) struct outcome outcome = {0};
	struct lab_report *report;
	struct machine machine = {.kernel = trial->kernel->vmlinuz, .initramfs = initramfs};

	progress_report(progress, "preparing the virtual machine", -1);
	/* Empty at first: what can't be written is known now, and no older output taken for this.
	 */
	if (!files_write(trial->output_path, "", 0, error) || !pack(trial, initramfs, error))
		return NULL;
	machine.accelerator = machine_accelerator(trial->directory);
	progress_report(progress, "trying it in the virtual machine", -1);
	if (!run_machine(trial, &machine, &outcome, error) || !keep_output(trial, &outcome, error))
		return NULL;
	report = judge(trial, &outcome, error);
	if (report) {
		report->accelerator = machine.accelerator;
		report->seconds = (double)(g_get_monotonic_time() - began) / G_TIME_SPAN_SECOND;
	}
	return report;
}

void lab_report_free(struct lab_report *report)
{
	g_ptr_array_unref(report->steps);
	g_free(report->output_path);
	g_free(report);
}
