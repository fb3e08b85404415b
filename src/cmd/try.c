/*
 * klatch try: prove a livepatch in a virtual machine.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/workspace.h"
#include "cmd/command.h"
#include "elf/object.h"
#include "kernel/modules.h"
#include "lab/lab.h"

static const char *const result_names[] = {
	[LAB_PASSED] = "passed",
	[LAB_SKIPPED] = "skipped",
	[LAB_FAILED] = "failed",
};

struct options {
	char *release, *plan, *output;
	int timeout;
	gboolean json;
};

static void add_string(JsonBuilder *builder, const char *member, const char *value)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_string_value(builder, value);
}

static void print_json(const struct lab_trial *trial, const struct lab_report *report)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	add_string(builder, "status", report->passed ? "passed" : "failed");
	json_builder_set_member_name(builder, "passed");
	json_builder_add_boolean_value(builder, report->passed);
	add_string(builder, "livepatch", trial->livepatch);
	add_string(builder, "kernel", trial->kernel->name);
	add_string(builder, "accelerator", report->accelerator);
	add_string(builder, "output", report->output_path);
	json_builder_set_member_name(builder, "steps");
	json_builder_begin_array(builder);
	for (guint i = 0; i < report->steps->len; i++) {
		const struct lab_step *step = g_ptr_array_index(report->steps, i);

		json_builder_begin_object(builder);
		add_string(builder, "step", step->text);
		add_string(builder, "result", result_names[step->result]);
		if (step->detail)
			add_string(builder, "detail", step->detail);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	json_builder_set_member_name(builder, "seconds");
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "total");
	json_builder_add_double_value(builder, report->seconds);
	json_builder_end_object(builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

/* The detail's lines, each below the step. */
static void print_detail(const char *detail)
{
	g_auto(GStrv) lines = g_strsplit(detail, "\n", -1);

	for (guint i = 0; lines[i]; i++)
		printf("            %s\n", lines[i]);
}

/* The table ends with a step that failed: what follows it was not come to. */
static void print_steps(const struct lab_report *report)
{
	for (guint i = 0; i < report->steps->len; i++) {
		const struct lab_step *step = g_ptr_array_index(report->steps, i);

		printf("  %-8s  %s\n", result_names[step->result], step->text);
		if (step->detail)
			print_detail(step->detail);
		if (step->result == LAB_FAILED)
			break;
	}
}

static guint count_steps(const struct lab_report *report, enum lab_result result)
{
	guint count = 0;

	for (guint i = 0; i < report->steps->len; i++) {
		const struct lab_step *step = g_ptr_array_index(report->steps, i);

		count += step->result == result;
	}
	return count;
}

static void print_text(const struct lab_trial *trial, const struct lab_report *report)
{
	guint skipped = count_steps(report, LAB_SKIPPED);

	print_steps(report);
	printf("\n%s on %s: %s, %u of %u steps passed", trial->livepatch, trial->kernel->name,
	       report->passed ? "passed" : "FAILED", count_steps(report, LAB_PASSED),
	       report->steps->len);
	if (skipped)
		printf(", %u could not be tried", skipped);
	printf(", in %.1f s (%s)\nthe machine's output: %s\n", report->seconds, report->accelerator,
	       report->output_path);
}

/* A livepatch says which kernel it is for: the first word of its version magic. */
static char *livepatch_release(const char *path, GError **error)
{
	AUTO(object) object = object_read(path, error);
	g_autofree char *magic = object ? modules_info(object, "vermagic") : NULL;

	if (magic)
		return g_strndup(magic, strcspn(magic, " "));
	if (object)
		klatch_fail(error, KLATCH_INPUT, "this is no livepatch", path, NULL,
			    "it has no version magic");
	return NULL;
}

/* The livepatch's own name, beside it: "fix.ko" to "fix.try.log". */
static char *default_output(const char *livepatch)
{
	const char *end = g_str_has_suffix(livepatch, ".ko") ? strrchr(livepatch, '.') : NULL;
	g_autofree char *stem =
		g_strndup(livepatch, end ? (gsize)(end - livepatch) : strlen(livepatch));

	return g_strconcat(stem, ".try.log", NULL);
}

static gboolean try_livepatch(struct options *options, const char *livepatch, gboolean *passed,
			      GError **error)
{
	AUTO(workspace) workspace = workspace_new(error);
	AUTO(kernel) kernel = NULL;
	AUTO(lab_report) report = NULL;
	struct progress *progress;

	if (!workspace)
		return FALSE;
	if (!options->release)
		options->release = livepatch_release(livepatch, error);
	kernel = options->release ? kernel_open(options->release, error) : NULL;
	if (!kernel)
		return FALSE;
	if (!options->output)
		options->output = default_output(livepatch);

	const struct lab_trial trial = {
		.kernel = kernel,
		.livepatch = livepatch,
		.plan = options->plan,
		.directory = workspace->path,
		.output_path = options->output,
		.timeout = (unsigned int)options->timeout,
	};
	progress = progress_bar_new();
	report = lab_try(&trial, progress, error);
	progress_bar_end(progress);
	if (!report)
		return FALSE;
	if (options->json)
		print_json(&trial, report);
	else
		print_text(&trial, report);
	*passed = report->passed;
	return TRUE;
}

static void options_clear(struct options *options)
{
	g_free(options->release);
	g_free(options->plan);
	g_free(options->output);
}

int command_try(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {0};
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &options.release,
		 "the kernel's release (default: the one the livepatch is for)", "RELEASE"},
		{"plan", 0, 0, G_OPTION_ARG_FILENAME, &options.plan,
		 "go through the steps of a file (default: the standard trial)", "FILE"},
		{"output", 0, 0, G_OPTION_ARG_FILENAME, &options.output,
		 "where to keep the machine's output (default: beside the livepatch)", "FILE"},
		{"timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
		 "seconds after which the machine is ended (default: by the size of the modules)",
		 "SECONDS"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	gboolean passed = FALSE;
	int status;

	if (!command_options(&argc, &argv, entries, "LIVEPATCH.ko",
			     "Proves a livepatch in a virtual machine that runs its kernel.",
			     &status))
		return status;
	if (argc != 2 || options.timeout < 0)
		klatch_fail(&error, KLATCH_USAGE, "the command line is wrong", NULL,
			    "see klatch try --help",
			    argc != 2 ? "one livepatch is wanted"
				      : "a time limit can't be negative");
	else if (try_livepatch(&options, argv[1], &passed, &error))
		return passed ? EXIT_DONE : EXIT_REFUSED;
	return command_fail(error, options.json);
}
