/*
 * klatch try: prove a livepatch in a virtual machine.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/workspace.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "lab/lab.h"

struct options {
	char *release, *plan, *output;
	int timeout;
	gboolean json;
};

static void print_json(const char *livepatch, const struct kernel *kernel,
		       const struct lab_report *report)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	report_json(report, builder);
	command_add_string(builder, "livepatch", livepatch);
	command_add_string(builder, "kernel", kernel->name);
	json_builder_end_object(builder);
	command_print_json(builder);
}

static void print_text(const char *livepatch, const struct kernel *kernel,
		       const struct lab_report *report, gboolean is_standard)
{
	report_print(report);
	printf("\n%s on %s: ", livepatch, kernel->name);
	report_print_verdict(report);
	printf("the machine's output: %s\n", report->output_path);
	if (report->passed && is_standard)
		printf("next: klatch install --now %s, where %s runs\n", livepatch,
		       kernel->release);
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
	AUTO(plan) plan = NULL;
	AUTO(lab_report) report = NULL;
	struct progress *progress;

	if (!workspace)
		return FALSE;
	if (!options->release)
		options->release = command_livepatch_release(livepatch, error);
	kernel = options->release ? kernel_open(options->release, error) : NULL;
	if (!kernel)
		return FALSE;
	if (!options->output)
		options->output = default_output(livepatch);

	plan = options->plan ? plan_read(options->plan, livepatch, error)
			     : lab_standard_plan(kernel, livepatch, error);
	if (!plan)
		return FALSE;
	const struct lab_trial trial = {
		.kernel = kernel,
		.plan = plan,
		.directory = workspace->path,
		.output_path = options->output,
		.timeout = (unsigned int)options->timeout,
	};
	progress = progress_bar_new();
	report = lab_run(&trial, progress, error);
	progress_bar_end(progress);
	if (!report)
		return FALSE;
	if (options->json)
		print_json(livepatch, kernel, report);
	else
		print_text(livepatch, kernel, report, !options->plan);
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
		command_wrong(&error, NULL,
			      argc != 2 ? "one livepatch is wanted"
					: "a time limit can't be negative");
	else if (try_livepatch(&options, argv[1], &passed, &error))
		return passed ? EXIT_DONE : EXIT_REFUSED;
	return command_fail(error, options.json);
}
