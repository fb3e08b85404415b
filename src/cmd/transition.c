/*
 * A transition seen to its end.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/transition.h"
#include "host/change.h"
#include "host/check.h"
#include "host/log.h"
#include "link/kept.h"

/* How long a transition may take before it is said who holds it up, and between signals. */
#define PATIENCE_SECONDS 3.0

#define TASKS_SHOWN  5
#define FRAMES_SHOWN 12

/* --- who holds it up ------------------------------------------------------------------------- */

static const struct stack_frame *blamed(const struct host_task *task)
{
	return task->blame < 0 ? NULL : task->stack->pdata[task->blame];
}

/* "tun (123) in tun_chr_read_iter [tun]". */
static char *describe_task(const struct host_task *task)
{
	const struct stack_frame *frame = blamed(task);
	g_autofree char *module =
		frame && frame->module ? g_strdup_printf(" [%s]", frame->module) : g_strdup("");

	if (!frame)
		return g_strdup_printf("%s (%d)", task->name, task->thread);
	return g_strdup_printf("%s (%d) in %s%s", task->name, task->thread, frame->function,
			       module);
}

static void print_frame(FILE *out, const struct stack_frame *frame, gboolean is_blamed)
{
	fprintf(out, "      %c %s+0x%" G_GINT64_MODIFIER "x/0x%" G_GINT64_MODIFIER "x",
		is_blamed ? '>' : ' ', frame->function, frame->offset, frame->size);
	if (frame->module)
		fprintf(out, " [%s]", frame->module);
	fputc('\n', out);
}

static const char *why_it_waits(const struct host_task *task,
				const struct host_livepatch *livepatch)
{
	if (task->blame < 0)
		return task->stack->len ? "has no replaced function on its stack now"
					: "is running";
	return livepatch->state == LIVEPATCH_UNPATCHING ? "is in a replacement"
							: "is in a function that is replaced";
}

static void print_task(FILE *out, const struct host_task *task,
		       const struct host_livepatch *livepatch)
{
	g_autofree char *text = describe_task(task);

	fprintf(out, "    %s%s: %s\n", task->kernel ? "kernel thread " : "", text,
		why_it_waits(task, livepatch));
	for (guint i = 0; i < task->stack->len && i < FRAMES_SHOWN; i++)
		print_frame(out, task->stack->pdata[i], (int)i == task->blame);
}

void transition_print_tasks(FILE *out, const struct host_livepatch *livepatch,
			    const struct host_tasks *tasks)
{
	guint count = tasks->waiting->len;

	fprintf(out, "  %s: %u of %u tasks to go\n", livepatch_state_name(livepatch->state), count,
		tasks->total);
	for (guint i = 0; i < count && i < TASKS_SHOWN; i++)
		print_task(out, tasks->waiting->pdata[i], livepatch);
	if (count > TASKS_SHOWN)
		fprintf(out, "    and %u more\n", count - TASKS_SHOWN);
	if (!count && tasks->total)
		fputs("    only idle processors are to go\n", out);
}

static void add_number(JsonBuilder *builder, const char *member, gint64 value)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_int_value(builder, value);
}

static void add_stack(JsonBuilder *builder, const GPtrArray *stack)
{
	json_builder_set_member_name(builder, "stack");
	json_builder_begin_array(builder);
	for (guint i = 0; i < stack->len; i++) {
		const struct stack_frame *frame = stack->pdata[i];

		json_builder_begin_object(builder);
		command_add_string(builder, "function", frame->function);
		if (frame->module)
			command_add_string(builder, "module", frame->module);
		add_number(builder, "offset", (gint64)frame->offset);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void add_task(JsonBuilder *builder, const struct host_task *task)
{
	const struct stack_frame *frame = blamed(task);
	const char state[] = {task->state, '\0'};

	json_builder_begin_object(builder);
	add_number(builder, "process", task->process);
	add_number(builder, "thread", task->thread);
	command_add_string(builder, "name", task->name);
	command_add_string(builder, "state", state);
	json_builder_set_member_name(builder, "kernel");
	json_builder_add_boolean_value(builder, task->kernel);
	if (frame)
		command_add_string(builder, "function", frame->function);
	add_stack(builder, task->stack);
	json_builder_end_object(builder);
}

void transition_json(const struct host_tasks *tasks, JsonBuilder *builder)
{
	json_builder_set_member_name(builder, "transition");
	json_builder_begin_object(builder);
	add_number(builder, "tasks", tasks->total);
	json_builder_set_member_name(builder, "waiting");
	json_builder_begin_array(builder);
	for (guint i = 0; i < tasks->waiting->len; i++)
		add_task(builder, tasks->waiting->pdata[i]);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
}

/* --- options --------------------------------------------------------------------------------- */

static gboolean ask(const char *name)
{
	char answer[128] = "";

	fprintf(stderr,
		"Forced, tasks go on in old code while others run the new, which may corrupt "
		"memory;\n"
		"and %s can't be removed before the next boot.\n"
		"To force it all the same type its name: ",
		name);
	if (!fgets(answer, sizeof(answer), stdin))
		return FALSE;
	return !strcmp(g_strchomp(answer), name);
}

gboolean transition_check(const struct transition_options *options, const char *name,
			  GError **error)
{
	const char *why = NULL;

	if (options->timeout < 0)
		why = "a time limit can't be negative";
	else if (options->force && options->keep)
		why = "--force and --keep are both for the time-out";
	else if (options->confirm && !options->force)
		why = "--confirm belongs to --force";
	else if (options->confirm && strcmp(options->confirm, name))
		why = "--confirm does not name this livepatch";
	else if (options->force && !options->confirm && (!isatty(STDIN_FILENO) || !ask(name)))
		why = "--force was not confirmed";
	if (!why)
		return TRUE;
	klatch_fail(error, KLATCH_USAGE, "the transition can't be begun", name,
		    options->force ? "--force --confirm=NAME forces it without asking" : NULL, "%s",
		    why);
	return FALSE;
}

/* --- to the end ------------------------------------------------------------------------------ */

/* Who holds it up, at this moment, in one line. */
static char *describe_tasks(const struct host_tasks *tasks)
{
	GString *text = g_string_new(NULL);
	guint count = tasks->waiting->len;

	g_string_printf(text, "%u of %u tasks to go", count, tasks->total);
	for (guint i = 0; i < count && i < TASKS_SHOWN; i++) {
		g_autofree char *task = describe_task(tasks->waiting->pdata[i]);

		g_string_append_printf(text, "%s %s", i ? "," : ":", task);
	}
	return g_string_free(text, FALSE);
}

static void say_who(const char *name, gboolean is_signalled)
{
	AUTO(host_livepatch) livepatch = host_livepatch(host_running(), name, NULL);
	AUTO(host_tasks) tasks = livepatch ? host_tasks(host_running(), livepatch) : NULL;

	if (!tasks || !livepatch_is_moving(livepatch))
		return;
	fprintf(stderr, "klatch: %s is held up\n", name);
	transition_print_tasks(stderr, livepatch, tasks);
	fprintf(stderr,
		"  what can be done: wait (after 15 s the kernel wakes sleeping tasks)%s, or "
		"klatch "
		"revert\n",
		is_signalled ? "" : ", --signal");
}

static void signal_tasks(const char *name)
{
	AUTO(host_livepatch) livepatch = host_livepatch(host_running(), name, NULL);
	AUTO(host_tasks) tasks = livepatch ? host_tasks(host_running(), livepatch) : NULL;

	if (tasks)
		host_tasks_signal(tasks);
}

static gboolean wait_with_bar(const char *name, double seconds)
{
	struct progress *progress = progress_bar_new();
	gboolean is_ended = host_wait(host_running(), name, seconds, progress);

	progress_bar_end(progress);
	return is_ended;
}

/* In pieces: after the first it is said who holds it up, and before each other they are woken. */
static gboolean wait_for_end(const struct transition_options *options, const char *name)
{
	double left = options->timeout;
	gboolean is_said = FALSE;

	for (;;) {
		double piece = options->signal || !is_said ? MIN(left, PATIENCE_SECONDS) : left;

		if (wait_with_bar(name, piece))
			return TRUE;
		left -= piece;
		if (left <= 0)
			return FALSE;
		if (!is_said && !options->json)
			say_who(name, options->signal);
		is_said = TRUE;
		if (options->signal)
			signal_tasks(name);
	}
}

static gboolean force(const char *name, const char *who, GError **error)
{
	g_autofree char *record = g_strdup_printf("the transition of '%s' is forced by user %u: %s",
						  name, (unsigned int)getuid(), who);

	/* Recorded first: what was not recorded is not done. */
	return host_log_write(host_running(), record, error) &&
	       host_force(host_running(), name, error);
}

/* Back to where it came from; a task that is in the way of that too gets as long again. */
static const char *turn_round(const struct transition_options *options,
			      const struct host_livepatch *livepatch)
{
	const struct host *host = host_running();
	gboolean patching = livepatch->state == LIVEPATCH_PATCHING;
	const char *name = livepatch->name;

	if (!host_enable(host, name, !patching, NULL))
		return "it could not be turned round";
	if (!wait_with_bar(name, MAX(options->timeout, PATIENCE_SECONDS)))
		return "it was turned round, which is not done yet";
	if (!patching)
		return "it is enabled again";
	if (livepatch->kept->len || !host_remove(host, name, NULL))
		return "it was disabled again, but its module is still there";
	return "it was disabled again and removed";
}

/* On time-out: what the options say.  Returns whether the transition has ended as it should. */
static gboolean give_up(const struct transition_options *options,
			const struct host_livepatch *livepatch, GError **error)
{
	AUTO(host_tasks) tasks = host_tasks(host_running(), livepatch);
	g_autofree char *who = describe_tasks(tasks);
	g_autoptr(GError) problem = NULL;
	const char *outcome = "it is left in transition";

	if (options->force && force(livepatch->name, who, &problem))
		return host_wait(host_running(), livepatch->name, -1, NULL);
	if (!options->keep)
		outcome = turn_round(options, livepatch);
	klatch_fail(error, problem ? problem->code : KLATCH_REFUSED,
		    "the transition did not end in time", livepatch->name,
		    "--signal wakes tasks that sleep, --timeout waits longer", "%s%s%s; %s", who,
		    problem ? "; it is not forced: " : "", problem ? problem->message : "",
		    outcome);
	return FALSE;
}

gboolean transition_finish(const struct transition_options *options, const char *name,
			   gboolean enable, GError **error)
{
	gboolean is_ended = wait_for_end(options, name);
	AUTO(host_livepatch) livepatch = host_livepatch(host_running(), name, NULL);

	if (!is_ended && livepatch && livepatch_is_moving(livepatch))
		return give_up(options, livepatch, error);
	if ((livepatch && livepatch->state == LIVEPATCH_ENABLED) == enable)
		return TRUE;
	klatch_fail(error, KLATCH_REFUSED, "the transition did not end as it should", name,
		    "klatch status shows how things are",
		    "somebody else turned it round, or removed the livepatch");
	return FALSE;
}

/* --- load ------------------------------------------------------------------------------------ */

/* What klatch check --host finds: the worst refuses it, warnings are said. */
static gboolean check(const char *path, GError **error)
{
	g_autoptr(GPtrArray) findings = host_check(host_running(), path, FALSE, error);

	for (guint i = 0; findings && i < findings->len; i++) {
		struct finding *finding = findings->pdata[i];

		if (finding->severity == FINDING_REFUSED) {
			g_propagate_error(error, g_error_copy(finding->reason));
			return FALSE;
		}
		if (finding->severity == FINDING_WARNING)
			command_print_error(finding->reason);
	}
	return findings != NULL;
}

gboolean transition_load(const struct transition_options *options, const char *path,
			 const char *name, GError **error)
{
	if (!transition_check(options, name, error) || !check(path, error) ||
	    !host_load(host_running(), path, error))
		return FALSE;
	return options->now || transition_finish(options, name, TRUE, error);
}

char *transition_remove(const struct host_livepatch *livepatch, const char *gone, GError **error)
{
	if (livepatch->kept->len)
		return kept_describe("disabled, its module", livepatch->kept);
	return host_remove(host_running(), livepatch->name, error) ? g_strdup(gone) : NULL;
}

void transition_print_outcome(const struct transition_options *options, const char *name,
			      const char *outcome)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	if (!options->json) {
		printf("%s: %s\n", name, outcome);
		return;
	}
	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	command_add_string(builder, "livepatch", name);
	command_add_string(builder, "outcome", outcome);
	json_builder_end_object(builder);
	command_print_json(builder);
}

void transition_options_clear(struct transition_options *options)
{
	g_free(options->confirm);
}
