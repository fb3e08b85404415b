/*
 * klatch lab torture: events by chance in one virtual machine, and if one fails, the least of them
 * that makes it fail.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/workspace.h"
#include "build/pipeline.h"
#include "cmd/command.h"
#include "cmd/report.h"
#include "cmd/scenario.h"
#include "lab/torture.h"

#define SECONDS_PER_EVENT 2 /* at most, on the slowest machine */
#define MACHINE_SECONDS	  300

struct options {
	char *release, *output, *late;
	int seed, events, reduce;
	gboolean json;
};

struct torture {
	const struct options *options;
	const char *path; /* of the set */
	struct torture_set *set;
	struct plan *made; /* what was built and made, in its items */
	struct scenario_request request;
	char *directory;
	struct progress *progress;
	GPtrArray *refusals;	   /* of GError, owned */
	GArray *events;		   /* of struct torture_event, owned */
	struct lab_report *report; /* of all of them; NULL if a livepatch was refused */
	guint failed;		   /* the step that did; as many as there are events: none */
	GArray *reduced;	   /* the events that are left, or NULL */
	char *reproducer;	   /* their scenario: a path */
};

static void torture_clear(struct torture *torture)
{
	g_clear_pointer(&torture->set, torture_set_free);
	g_clear_pointer(&torture->made, plan_free);
	g_clear_pointer(&torture->refusals, g_ptr_array_unref);
	g_clear_pointer(&torture->events, g_array_unref);
	g_clear_pointer(&torture->report, lab_report_free);
	g_clear_pointer(&torture->reduced, g_array_unref);
	g_free(torture->directory);
	g_free(torture->reproducer);
}

/* The first step that did not pass: an event that could not even be tried is wrong here. */
static guint first_failure(const struct lab_report *report)
{
	guint i;

	for (i = 0; i < report->steps->len; i++) {
		const struct lab_step *step = g_ptr_array_index(report->steps, i);

		if (step->result != LAB_PASSED)
			break;
	}
	return i;
}

/* The plan of events, with what was built and made before. */
static struct plan *plan_of(const struct torture *torture, const GArray *events, GError **error)
{
	g_autofree char *text = torture_scenario(torture->set, events);
	struct plan *plan = plan_parse(text, torture->path, NULL, error);

	for (guint i = 0; plan && torture->made && i < torture->made->items->len; i++) {
		const struct plan_item *made = g_ptr_array_index(torture->made->items, i);
		/* What came along with a livepatch was declared behind the others. */
		struct plan_item *item =
			i < plan->items->len
				? g_ptr_array_index(plan->items, i)
				: plan_declare(plan, made->kind, made->name, made->rest);

		item->path = g_strdup(made->path);
	}
	return plan;
}

static struct lab_report *run_events(const struct torture *torture, const GArray *events,
				     const char *output_path, GError **error)
{
	AUTO(plan) plan = plan_of(torture, events, error);
	const struct lab_trial trial = {
		.kernel = torture->request.kernel,
		.plan = plan,
		.directory = torture->directory,
		.output_path = output_path,
		.timeout = MACHINE_SECONDS + events->len * SECONDS_PER_EVENT,
	};

	return plan ? lab_run(&trial, torture->progress, error) : NULL;
}

/* --- less events that fail too --------------------------------------------------------------- */

/* What is left without some events, as far as it is still possible. */
static GArray *leave_out(const struct torture *torture, const GArray *events, guint from,
			 guint count)
{
	g_autoptr(GArray) left = g_array_copy((GArray *)events);

	g_array_remove_range(left, from, MIN(count, left->len - from));
	return torture_possible(torture->set, left);
}

/* Runs events; if one fails they become the reduced ones, up to it. */
static gboolean fails_too(struct torture *torture, GArray *events)
{
	g_autofree char *log = g_build_filename(torture->directory, "reduction.log", NULL);
	AUTO(lab_report) report = run_events(torture, events, log, NULL);
	guint failed = report ? first_failure(report) : events->len;

	if (failed >= events->len)
		return FALSE;
	g_array_set_size(events, failed + 1);
	g_clear_pointer(&torture->reduced, g_array_unref);
	torture->reduced = g_array_ref(events);
	return TRUE;
}

/*
 * Leaves out halves, quarters and so on of what came before the failure, in a new machine each
 * time, as long as there is time.  What failed by an unlucky moment may not fail again.
 */
static void reduce(struct torture *torture)
{
	gint64 end = g_get_monotonic_time() + torture->options->reduce * G_TIME_SPAN_SECOND;
	g_autoptr(GArray) first = g_array_copy(torture->events);
	guint count, from = 0;

	g_array_set_size(first, torture->failed + 1);
	torture->reduced = g_array_ref(first);
	for (count = torture->failed / 2; count && g_get_monotonic_time() < end;) {
		g_autoptr(GArray) less = leave_out(torture, torture->reduced, from, count);

		if (less->len >= torture->reduced->len || !fails_too(torture, less))
			from += count;
		if (from + 1 >= torture->reduced->len) {
			count /= 2;
			from = 0;
		}
	}
}

/* A scenario that klatch lab run takes, beside the machine's output. */
static gboolean write_reproducer(struct torture *torture, GError **error)
{
	g_autofree char *scenario = torture_scenario(torture->set, torture->reduced);

	torture->reproducer = g_strconcat(torture->request.output_path, ".scenario", NULL);
	return files_write(torture->reproducer, scenario, strlen(scenario), error);
}

/* --- the run --------------------------------------------------------------------------------- */

static gboolean run_torture(struct torture *torture, GError **error)
{
	const struct options *options = torture->options;
	g_autofree char *text = files_read_text(torture->path, error);

	torture->set = text ? torture_parse(text, torture->path, error) : NULL;
	if (!torture->set)
		return FALSE;
	torture->events =
		torture_events(torture->set, (guint32)options->seed, (guint)options->events);
	torture->made = plan_of(torture, torture->events, error);
	if (!torture->made || !scenario_make(&torture->request, torture->made, torture->directory,
					     torture->refusals, torture->progress, error))
		return FALSE;
	if (torture->refusals->len)
		return TRUE;
	torture->report = run_events(torture, torture->events, torture->request.output_path, error);
	if (!torture->report)
		return FALSE;
	torture->failed = first_failure(torture->report);
	if (torture->failed >= torture->events->len)
		return TRUE;
	reduce(torture);
	return write_reproducer(torture, error);
}

static gboolean has_passed(const struct torture *torture)
{
	return torture->report && torture->failed >= torture->events->len;
}

static guint count_kind(const struct torture *torture, enum torture_kind kind)
{
	guint count = 0;

	for (guint i = 0; i < torture->failed; i++)
		count += g_array_index(torture->events, struct torture_event, i).kind == kind;
	return count;
}

/* --- what is printed ------------------------------------------------------------------------- */

static void print_failure(const struct torture *torture)
{
	const struct lab_step *step = g_ptr_array_index(torture->report->steps, torture->failed);

	printf("\nfailed at event %s\n", step->text);
	if (step->detail)
		printf("%s\n", step->detail);
	printf("\nthe first %u events of seed %d fail; %u of them are in %s:\nklatch lab run -k %s "
	       "%s\n",
	       torture->failed + 1, torture->options->seed, torture->reduced->len,
	       torture->reproducer, torture->request.kernel->name, torture->reproducer);
}

static void print_text(const struct torture *torture)
{
	const struct lab_report *report = torture->report;

	for (guint i = 0; i < torture->refusals->len; i++)
		command_print_error(g_ptr_array_index(torture->refusals, i));
	if (!report) {
		printf("a livepatch was refused: nothing was tried\n");
		return;
	}
	for (guint i = 0; i < TORTURE_KINDS; i++)
		printf("  %-20s %6u\n", torture_kind_name(i), count_kind(torture, i));
	if (!has_passed(torture))
		print_failure(torture);
	printf("\n%s on %s: %s, %u events of seed %d in %.1f s (%s)\nthe machine's output: %s\n",
	       torture->path, torture->request.kernel->name,
	       has_passed(torture) ? "passed" : "FAILED", torture->failed, torture->options->seed,
	       report->seconds, report->accelerator, report->output_path);
}

static void add_number(JsonBuilder *builder, const char *name, double number)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_double_value(builder, number);
}

static void add_count(JsonBuilder *builder, const char *name, guint count)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, count);
}

static void add_failure(const struct torture *torture, JsonBuilder *builder)
{
	const struct lab_step *step = g_ptr_array_index(torture->report->steps, torture->failed);

	json_builder_set_member_name(builder, "failure");
	json_builder_begin_object(builder);
	add_count(builder, "event", torture->failed + 1);
	command_add_string(builder, "step", step->text);
	command_add_string(builder, "detail", step->detail);
	add_count(builder, "reduced", torture->reduced->len);
	command_add_string(builder, "scenario", torture->reproducer);
	json_builder_end_object(builder);
}

static void add_report(const struct torture *torture, JsonBuilder *builder)
{
	add_count(builder, "events", torture->failed);
	json_builder_set_member_name(builder, "kinds");
	json_builder_begin_object(builder);
	for (guint i = 0; i < TORTURE_KINDS; i++)
		add_count(builder, torture_kind_name(i), count_kind(torture, i));
	json_builder_end_object(builder);
	command_add_string(builder, "accelerator", torture->report->accelerator);
	command_add_string(builder, "output", torture->report->output_path);
	add_number(builder, "seconds", torture->report->seconds);
	if (!has_passed(torture))
		add_failure(torture, builder);
}

static void print_json(const struct torture *torture)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status",
			   !torture->report	 ? "refused"
			   : has_passed(torture) ? "passed"
						 : "failed");
	command_add_string(builder, "set", torture->path);
	command_add_string(builder, "kernel", torture->request.kernel->name);
	add_count(builder, "seed", (guint)torture->options->seed);
	command_add_errors(builder, "refusals", torture->refusals);
	if (torture->report)
		add_report(torture, builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

/* --- the command ----------------------------------------------------------------------------- */

/* "dir/kt.set" to "kt.torture.log". */
static char *default_output(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	char *end = strrchr(name, '.');

	if (end && end != name)
		*end = '\0';
	return g_strconcat(name, ".torture.log", NULL);
}

static int run(struct options *options, const char *path)
{
	g_autoptr(GError) error = NULL;
	AUTO(workspace) workspace = workspace_new(&error);
	AUTO(kernel) kernel = workspace ? kernel_open(options->release, &error) : NULL;
	__attribute__((cleanup(torture_clear))) struct torture torture = {
		.options = options,
		.path = path,
		.refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free),
		.request = {.kernel = kernel, .path = path, .workspace = workspace},
	};
	gboolean good;

	if (!kernel)
		return command_fail(error, options->json);
	if (options->late && !pipeline_policy(options->late, &torture.request.policy, &error))
		return command_fail(error, options->json);
	if (!options->output)
		options->output = default_output(path);
	torture.request.output_path = options->output;
	torture.directory = workspace_path(workspace, "torture");
	torture.progress = progress_bar_new();
	good = run_torture(&torture, &error);
	progress_bar_end(torture.progress);
	if (!good)
		return command_fail(error, options->json);
	if (options->json)
		print_json(&torture);
	else
		print_text(&torture);
	return has_passed(&torture) ? EXIT_DONE : EXIT_REFUSED;
}

static void options_clear(struct options *options)
{
	g_free(options->release);
	g_free(options->output);
	g_free(options->late);
}

int command_lab_torture(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {
		.seed = 1, .events = 1000, .reduce = 600};
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &options.release,
		 "the kernel's release (default: the running one)", "RELEASE"},
		{"seed", 0, 0, G_OPTION_ARG_INT, &options.seed,
		 "which events: the same seed gives the same (default: 1)", "N"},
		{"events", 0, 0, G_OPTION_ARG_INT, &options.events, "how many (default: 1000)",
		 "N"},
		{"late", 0, 0, G_OPTION_ARG_STRING, &options.late,
		 "the policy of the livepatches that are built, as of klatch build", "POLICY"},
		{"reduce", 0, 0, G_OPTION_ARG_INT, &options.reduce,
		 "after a failure: look so long for less events that fail (default: 600)",
		 "SECONDS"},
		{"output", 0, 0, G_OPTION_ARG_FILENAME, &options.output,
		 "where to keep the machine's output (default: SET.torture.log)", "FILE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "SET",
			     "Lets events by chance happen to modules and livepatches.", &status))
		return status;
	if (argc == 2 && options.events > 0 && options.reduce >= 0)
		return run(&options, argv[1]);
	command_wrong(&error, NULL, argc != 2 ? "one set is wanted" : "a number is too small");
	return command_fail(error, options.json);
}
