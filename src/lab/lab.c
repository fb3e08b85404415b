/*
 * One trial: the machine runs with what was prepared for it, and what its guest says is read
 * against the plan.
 */
#include "lab/lab.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "lab/machine.h"
#include "lab/prepare.h"
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

/* Puts everything that the machine gave into one file. */
static gboolean keep_output(const struct lab_trial *trial, const char *log_path,
			    const struct process_result *result, GError **error)
{
	g_autofree char *log = NULL;
	gsize size = 0;
	g_autoptr(GString) output = NULL;

	g_file_get_contents(log_path, &log, &size, NULL);
	output = g_string_new_len(log, (gssize)size);
	g_string_append_printf(output, "\n--- the guest's report\n%s", result->output);
	g_string_append_printf(output, "--- QEMU ended with status %d%s\n%s", result->status,
			       result->timed_out ? ", out of time" : "", result->errors);
	return files_write(trial->output_path, output->str, output->len, error);
}

/* Why the report stops where it does; all notes go to the step at which it stopped. */
static void explain_death(struct lab_step *step, const struct report *report,
			  const struct process_result *result, const char *log_path)
{
	g_autofree char *lines = telling_lines(log_path);
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

static struct lab_report *judge(const struct preparation *preparation, const char *log_path,
				const struct process_result *result, GError **error)
{
	const struct lab_trial *trial = preparation->trial;
	AUTO(report) report = report_read(preparation->plan, result->output, result->output_size);
	struct lab_report *judged;

	if (!report->greeted) {
		g_autofree char *lines = telling_lines(log_path);
		klatch_fail(error, KLATCH_ENVIRONMENT, "the virtual machine did not start",
			    trial->output_path, NULL, "%s%s%s",
			    result->timed_out ? "time is up; " : "", result->errors,
			    *lines ? lines : "the kernel said nothing");
		return NULL;
	}
	if (report->died)
		explain_death(report->died, report, result, log_path);
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

struct lab_report *lab_try(const struct lab_trial *trial, struct progress *progress, GError **error)
{
	gint64 began = g_get_monotonic_time();
	g_autofree char *initramfs = g_build_filename(trial->directory, "initramfs", NULL);
	g_autofree char *log_path = g_build_filename(trial->directory, "console", NULL);
	AUTO_PROCESS_RESULT result = {0};
	AUTO(preparation) preparation = NULL;
	struct lab_report *report;
	struct machine machine = {
		.kernel = trial->kernel->vmlinuz,
		.initramfs = initramfs,
		.log_path = log_path,
	};

	progress_report(progress, "preparing the virtual machine", -1);
	/* Empty at first: what can't be written is known now, and no older output taken for this.
	 */
	if (!files_write(trial->output_path, "", 0, error))
		return NULL;
	preparation = prepare(trial, error);
	if (!preparation || !pack(preparation, initramfs, error))
		return NULL;
	machine.accelerator = machine_accelerator(trial->directory);
	give_resources(&machine, trial->timeout);
	progress_report(progress, "trying the livepatch in the virtual machine", -1);
	if (!machine_run(&machine, &result, error) || !keep_output(trial, log_path, &result, error))
		return NULL;
	report = judge(preparation, log_path, &result, error);
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
