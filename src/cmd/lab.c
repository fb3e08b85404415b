/*
 * klatch lab: scenarios in virtual machines.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/workspace.h"
#include "build/pipeline.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "cmd/scenario.h"

struct options {
	char *release, *late, *output;
	enum klatch_policy policy;
	int timeout;
	gboolean json;
};

struct lab {
	const struct options *options;
	struct kernel *kernel;
	struct workspace *workspace;
	struct progress *progress;
	JsonBuilder *builder; /* within the array of scenarios; NULL: text */
	guint passed, count;
};

/* "dir/usb.scenario" to "usb". */
static char *scenario_name(const char *path)
{
	char *name = g_path_get_basename(path);
	char *end = strrchr(name, '.');

	if (end && end != name)
		*end = '\0';
	return name;
}

static void print_result(const char *path, const struct scenario_result *result)
{
	printf("%s\n", path);
	for (guint i = 0; i < result->refusals->len; i++)
		command_print_error(g_ptr_array_index(result->refusals, i));
	if (!result->report) {
		printf("  a livepatch of it was refused\n");
		return;
	}
	report_print(result->report);
	printf("  ");
	report_print_verdict(result->report);
}

static void add_result(const char *path, const struct scenario_result *result, JsonBuilder *builder)
{
	json_builder_begin_object(builder);
	command_add_string(builder, "scenario", path);
	if (result->report)
		report_json(result->report, builder);
	else
		command_add_string(builder, "status", "refused");
	command_add_errors(builder, "refusals", result->refusals);
	json_builder_end_object(builder);
}

static gboolean run_scenario(struct lab *lab, const char *path, GError **error)
{
	g_autofree char *name = scenario_name(path);
	g_autofree char *log = g_strconcat(name, ".lab.log", NULL);
	g_autofree char *output =
		g_build_filename(lab->options->output ? lab->options->output : ".", log, NULL);
	const struct scenario_request request = {
		.kernel = lab->kernel,
		.path = path,
		.policy = lab->options->policy,
		.output_path = output,
		.timeout = (unsigned int)lab->options->timeout,
		.workspace = lab->workspace,
	};
	AUTO(scenario_result) result = NULL;

	lab->progress = progress_bar_new();
	result = scenario_run(&request, lab->progress, error);
	progress_bar_end(lab->progress);
	if (!result)
		return FALSE;
	lab->count++;
	lab->passed += result->report && result->report->passed;
	if (lab->builder)
		add_result(path, result, lab->builder);
	else
		print_result(path, result);
	return TRUE;
}

static gboolean run_all(struct lab *lab, char **paths, GError **error)
{
	if (lab->builder) {
		json_builder_begin_object(lab->builder);
		command_add_string(lab->builder, "kernel", lab->kernel->name);
		command_add_string(lab->builder, "late",
				   pipeline_policy_name(lab->options->policy));
		json_builder_set_member_name(lab->builder, "scenarios");
		json_builder_begin_array(lab->builder);
	}
	for (guint i = 0; paths[i]; i++)
		if (!run_scenario(lab, paths[i], error))
			return FALSE;
	if (lab->builder) {
		json_builder_end_array(lab->builder);
		command_add_string(lab->builder, "status",
				   lab->passed == lab->count ? "passed" : "failed");
		json_builder_end_object(lab->builder);
		command_print_json(lab->builder);
	} else {
		printf("\n%u of %u scenarios passed on %s\n", lab->passed, lab->count,
		       lab->kernel->name);
	}
	return TRUE;
}

static int run(const struct options *options, char **paths)
{
	g_autoptr(GError) error = NULL;
	AUTO(workspace) workspace = workspace_new(&error);
	AUTO(kernel) kernel = workspace ? kernel_open(options->release, &error) : NULL;
	g_autoptr(JsonBuilder) builder = options->json ? json_builder_new() : NULL;
	struct lab lab = {
		.options = options,
		.kernel = kernel,
		.workspace = workspace,
		.builder = builder,
	};

	if (!kernel || !run_all(&lab, paths, &error))
		return command_fail(error, options->json);
	return lab.passed == lab.count ? EXIT_DONE : EXIT_REFUSED;
}

static void options_clear(struct options *options)
{
	g_free(options->release);
	g_free(options->late);
	g_free(options->output);
}

static int command_lab_run(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {0};
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &options.release,
		 "the kernel's release (default: the running one)", "RELEASE"},
		{"late", 0, 0, G_OPTION_ARG_STRING, &options.late,
		 "how livepatches are built: rebind (default), clear, pin, no-late, split, kernel",
		 "POLICY"},
		{"output", 0, 0, G_OPTION_ARG_FILENAME, &options.output,
		 "the directory for the machines' output (default: the current one)", "DIRECTORY"},
		{"timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
		 "seconds after which a machine is ended (default: by the size of its modules)",
		 "SECONDS"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "SCENARIO...",
			     "Goes through scenarios in virtual machines.", &status))
		return status;
	if (options.late && !pipeline_policy(options.late, &options.policy, &error))
		return command_fail(error, options.json);
	if (argc >= 2 && options.timeout >= 0)
		return run(&options, argv + 1);
	command_wrong(&error, NULL,
		      argc < 2 ? "no scenario was given" : "a time limit can't be negative");
	return command_fail(error, options.json);
}

static const struct {
	const char *name;
	const char *full_name; /* as it stands in help and hints */
	command_function *run;
} verbs[] = {
	{"run", "lab run", command_lab_run},
	{"torture", "lab torture", command_lab_torture},
};

int command_lab(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		argv[1] = (char *)verbs[i].full_name;
		return verbs[i].run(argc - 1, argv + 1);
	}
	klatch_fail(&error, KLATCH_USAGE, "the command line is wrong", NULL,
		    "see klatch lab run --help", "lab takes run or torture");
	return command_fail(error, FALSE);
}
