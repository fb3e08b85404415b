/*
 * klatch status: the livepatches of the running machine.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/transition.h"
#include "host/livepatch.h"
#include "host/log.h"
#include "host/tasks.h"
#include "link/kept.h"

#define WATCH_TIME G_TIME_SPAN_SECOND

/* Home, and from there everything erased. */
#define TERMINAL_CLEAR "\033[H\033[J"

struct options {
	gboolean json, watch, prometheus;
};

/* What is there at one moment. */
struct status {
	GPtrArray *livepatches;
	GPtrArray *log;		  /* NULL: not for this user */
	struct host_tasks *tasks; /* of the one that is in transition; NULL: none is */
};

static void status_free(struct status *status)
{
	if (status->tasks)
		host_tasks_free(status->tasks);
	g_clear_pointer(&status->log, g_ptr_array_unref);
	g_clear_pointer(&status->livepatches, g_ptr_array_unref);
	g_free(status);
}
DEFINE_AUTO(status, status_free)

static void free_livepatch(gpointer livepatch)
{
	host_livepatch_free(livepatch);
}

/* name: the only one that is wanted, or NULL. */
static struct status *read_status(const char *name, GError **error)
{
	const struct host *host = host_running();
	AUTO(status) status = g_new0(struct status, 1);
	const struct host_livepatch *moving;

	if (name) {
		struct host_livepatch *one = host_livepatch(host, name, error);

		if (!one)
			return NULL;
		status->livepatches = g_ptr_array_new_with_free_func(free_livepatch);
		g_ptr_array_add(status->livepatches, one);
	} else {
		status->livepatches = host_livepatches(host, error);
		if (!status->livepatches)
			return NULL;
	}
	status->log = host_log(host, NULL);
	moving = host_in_transition(status->livepatches);
	if (moving)
		status->tasks = host_tasks(host, moving);
	return g_steal_pointer(&status);
}

/* When its transition began, as text of local time; NULL if the kernel's log does not say (any
 * more).  Caller frees. */
static char *since(const struct status *status, const char *livepatch)
{
	gint64 time = status->log ? log_since(status->log, livepatch) : -1;
	g_autoptr(GDateTime) date =
		time < 0 ? NULL
			 : g_date_time_new_from_unix_local(log_clock(time) / G_TIME_SPAN_SECOND);

	return date ? g_date_time_format_iso8601(date) : NULL;
}

/* --- text ------------------------------------------------------------------------------------ */

static void print_target(const struct host_target *target, int width)
{
	printf("  %-*s  %-12s ", width, target->name, target_state_name(target->state));
	for (guint i = 0; i < target->functions->len; i++)
		printf(" %s", (const char *)target->functions->pdata[i]);
	putchar('\n');
}

static void print_cves(const GPtrArray *cves)
{
	for (guint i = 0; i < cves->len; i++)
		printf("%s %s", i ? "" : "  fixes", (const char *)cves->pdata[i]);
	if (cves->len)
		putchar('\n');
}

static void print_livepatch(const struct status *status, const struct host_livepatch *livepatch)
{
	g_autofree char *date = since(status, livepatch->name);
	int width = (int)strlen("TARGET");

	printf("%s: %s%s%s\n", livepatch->name, livepatch_state_name(livepatch->state),
	       date ? " since " : "", date ? date : "");
	if (livepatch_is_left(livepatch)) {
		g_autofree char *text = kept_describe("  its module", livepatch->kept);

		puts(text);
	}
	print_cves(livepatch->cves);
	for (guint i = 0; i < livepatch->targets->len; i++) {
		const struct host_target *target = livepatch->targets->pdata[i];

		width = MAX(width, (int)strlen(target->name));
	}
	if (livepatch->targets->len)
		printf("  %-*s  %-12s  %s\n", width, "TARGET", "STATE", "FUNCTIONS");
	for (guint i = 0; i < livepatch->targets->len; i++)
		print_target(livepatch->targets->pdata[i], width);
	if (!livepatch_is_moving(livepatch) || !status->tasks)
		return;
	if (status->tasks->total)
		transition_print_tasks(stdout, livepatch, status->tasks);
	else
		puts("  only root can see which tasks are to go");
}

static void print_text(const struct status *status)
{
	if (!status->livepatches->len)
		puts("no livepatch is loaded");
	for (guint i = 0; i < status->livepatches->len; i++)
		print_livepatch(status, status->livepatches->pdata[i]);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void add_target(JsonBuilder *builder, const struct host_target *target)
{
	json_builder_begin_object(builder);
	command_add_string(builder, "name", target->name);
	command_add_string(builder, "state", target_state_name(target->state));
	command_add_strings(builder, "functions", target->functions);
	json_builder_end_object(builder);
}

static void add_livepatch(JsonBuilder *builder, const struct status *status,
			  const struct host_livepatch *livepatch)
{
	g_autofree char *date = since(status, livepatch->name);

	json_builder_begin_object(builder);
	command_add_string(builder, "name", livepatch->name);
	command_add_string(builder, "state", livepatch_state_name(livepatch->state));
	if (date)
		command_add_string(builder, "since", date);
	command_add_strings(builder, "cves", livepatch->cves);
	command_add_strings(builder, "kept", livepatch->kept);
	json_builder_set_member_name(builder, "targets");
	json_builder_begin_array(builder);
	for (guint i = 0; i < livepatch->targets->len; i++)
		add_target(builder, livepatch->targets->pdata[i]);
	json_builder_end_array(builder);
	if (livepatch_is_moving(livepatch) && status->tasks)
		transition_json(status->tasks, builder);
	json_builder_end_object(builder);
}

static void print_json(const struct status *status)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	json_builder_set_member_name(builder, "livepatches");
	json_builder_begin_array(builder);
	for (guint i = 0; i < status->livepatches->len; i++)
		add_livepatch(builder, status, status->livepatches->pdata[i]);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

/* --- Prometheus ------------------------------------------------------------------------------ */

static void print_metric(const char *name, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* The text format of Prometheus; names of modules need no quoting. */
static void print_prometheus(const struct status *status)
{
	const GPtrArray *livepatches = status->livepatches;

	print_metric("klatch_livepatch",
		     "Livepatches that are loaded, 1 in the state they are in.");
	for (guint i = 0; i < livepatches->len; i++) {
		const struct host_livepatch *livepatch = livepatches->pdata[i];

		for (enum livepatch_state state = 0; state <= LIVEPATCH_DISABLED; state++)
			printf("klatch_livepatch{livepatch=\"%s\",state=\"%s\"} %d\n",
			       livepatch->name, livepatch_state_name(state),
			       livepatch->state == state);
	}
	print_metric("klatch_targets", "Targets of a livepatch by what became of them.");
	for (guint i = 0; i < livepatches->len; i++) {
		const struct host_livepatch *livepatch = livepatches->pdata[i];

		for (enum target_state state = 0; state < TARGET_STATES; state++)
			printf("klatch_targets{livepatch=\"%s\",state=\"%s\"} %u\n",
			       livepatch->name, target_state_name(state),
			       livepatch_count(livepatch, state));
	}
	print_metric("klatch_transitions_pending", "Livepatches that are in transition.");
	printf("klatch_transitions_pending %d\n", status->tasks != NULL);
	print_metric("klatch_transition_tasks", "Tasks that a transition waits for.");
	printf("klatch_transition_tasks %u\n", status->tasks ? status->tasks->waiting->len : 0);
}

/* --- the command ----------------------------------------------------------------------------- */

static gboolean print_once(const struct options *options, const char *name, GError **error)
{
	AUTO(status) status = read_status(name, error);

	if (!status)
		return FALSE;
	if (options->json)
		print_json(status);
	else if (options->prometheus)
		print_prometheus(status);
	else
		print_text(status);
	return TRUE;
}

static gboolean run(const struct options *options, const char *name, GError **error)
{
	while (options->watch) {
		if (isatty(STDOUT_FILENO))
			fputs(TERMINAL_CLEAR, stdout);
		if (!print_once(options, name, error))
			return FALSE;
		if (fflush(stdout))
			return TRUE; /* nobody watches any more */
		g_usleep(WATCH_TIME);
	}
	return print_once(options, name, error);
}

int command_status(int argc, char **argv)
{
	struct options options = {0};
	const GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		{"watch", 0, 0, G_OPTION_ARG_NONE, &options.watch, "print it anew every second",
		 NULL},
		{"prometheus", 0, 0, G_OPTION_ARG_NONE, &options.prometheus,
		 "print metrics for node_exporter's text files", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "[NAME]",
			     "Shows the livepatches of the running machine.", &status))
		return status;
	if (argc > 2 || options.json + options.prometheus > 1)
		command_wrong(&error, NULL,
			      argc > 2 ? "one livepatch at most is wanted"
				       : "--json and --prometheus can't both be");
	else if (run(&options, argc == 2 ? argv[1] : NULL, &error))
		return EXIT_DONE;
	return command_fail(error, options.json);
}
