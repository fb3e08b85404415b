/*
 * Tasks in transition: /proc/PID/task/TID/patch_state, stat and stack.
 */
#include "host/tasks.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* PF_KTHREAD, in the ninth field of stat. */
#define KERNEL_THREAD 0x00200000

/* --- stacks ---------------------------------------------------------------------------------- */

static void frame_free(gpointer data)
{
	struct stack_frame *frame = data;

	g_free(frame->function);
	g_free(frame->module);
	g_free(frame);
}

/* "[<0>] tun_do_read+0x1b4/0x7d0 [tun]"; on some kernels a build ID follows the module's name. */
static struct stack_frame *parse_frame(const char *line)
{
	const char *name = strstr(line, "] ");
	const char *plus = name ? strchr(name, '+') : NULL;
	const char *module = plus ? strstr(plus, " [") : NULL;
	struct stack_frame *frame;
	char *end;

	if (*line != '[' || !plus || plus == name + 2)
		return NULL;
	frame = g_new0(struct stack_frame, 1);
	frame->function = g_strndup(name + 2, (gsize)(plus - name - 2));
	frame->offset = g_ascii_strtoull(plus + 1, &end, 16);
	if (*end == '/')
		frame->size = g_ascii_strtoull(end + 1, NULL, 16);
	if (module)
		frame->module = g_strndup(module + 2, strcspn(module + 2, " ]"));
	return frame;
}

GPtrArray *stack_parse(const char *text)
{
	GPtrArray *frames = g_ptr_array_new_with_free_func(frame_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		struct stack_frame *frame = parse_frame(lines[i]);

		if (frame)
			g_ptr_array_add(frames, frame);
	}
	return frames;
}

/* Whether a task in this function has to stay: in the one that is replaced, or when going back in
 * the code of the livepatch. */
static gboolean holds(const struct stack_frame *frame, const struct host_livepatch *livepatch)
{
	const char *object = frame->module ? frame->module : "vmlinux";

	if (livepatch->state == LIVEPATCH_UNPATCHING)
		return !strcmp(object, livepatch->name);
	for (guint i = 0; i < livepatch->targets->len; i++) {
		const struct host_target *target = livepatch->targets->pdata[i];

		if (!strcmp(target->name, object) &&
		    g_ptr_array_find_with_equal_func(target->functions, frame->function,
						     g_str_equal, NULL))
			return TRUE;
	}
	return FALSE;
}

static int find_blame(const struct host_task *task, const struct host_livepatch *livepatch)
{
	for (guint i = 0; i < task->stack->len; i++)
		if (holds(task->stack->pdata[i], livepatch))
			return (int)i;
	return -1;
}

/* --- tasks ----------------------------------------------------------------------------------- */

static void task_free(gpointer data)
{
	struct host_task *task = data;

	g_free(task->name);
	g_ptr_array_unref(task->stack);
	g_free(task);
}

/* stat is "PID (NAME) STATE PPID PGRP SESSION TTY TPGID FLAGS ..."; a name may hold anything. */
static void read_stat(const char *stat, struct host_task *task)
{
	const char *open = strchr(stat, '(');
	const char *close = strrchr(stat, ')');
	unsigned int flags;
	char state;

	if (!open || !close || close < open)
		return;
	g_free(task->name);
	task->name = g_strndup(open + 1, (gsize)(close - open - 1));
	if (sscanf(close + 1, " %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		return;
	task->state = state;
	task->kernel = (flags & KERNEL_THREAD) != 0;
}

/* directory: /proc/PID/task/TID, of which any part may be gone. */
static struct host_task *read_task(const char *directory, const struct host_livepatch *livepatch)
{
	g_autofree char *stat = host_text(directory, "stat", NULL);
	g_autofree char *stack = host_text(directory, "stack", NULL);
	struct host_task *task = g_new0(struct host_task, 1);

	task->name = g_strdup("?");
	task->state = '?';
	task->stack = stack_parse(stack ? stack : "");
	task->blame = find_blame(task, livepatch);
	if (stat)
		read_stat(stat, task);
	return task;
}

typedef void task_function(const char *directory, int process, int thread, void *data);

/* Calls what is given for each task that is not where it is to come to; returns how many there are
 * of all. */
static guint each_waiting(const struct host *host, gboolean patching, task_function *function,
			  void *data)
{
	g_autoptr(GPtrArray) processes = host_names(host->proc, NULL);
	guint total = 0;

	for (guint i = 0; i < processes->len; i++) {
		const char *process = processes->pdata[i];
		g_autoptr(GPtrArray) threads = NULL;

		if (!g_ascii_isdigit(*process))
			continue;
		threads = host_names(host->proc, process, "task", NULL);
		for (guint k = 0; k < threads->len; k++) {
			const char *thread = threads->pdata[k];
			g_autofree char *directory =
				g_build_filename(host->proc, process, "task", thread, NULL);
			g_autofree char *state = host_text(directory, "patch_state", NULL);

			total += state != NULL;
			if (host_number(state, -1) == !patching)
				function(directory, atoi(process), atoi(thread), data);
		}
	}
	return total;
}

struct collection {
	struct host_tasks *tasks;
	const struct host_livepatch *livepatch;
};

static void collect(const char *directory, int process, int thread, void *data)
{
	struct collection *collection = data;
	struct host_task *task = read_task(directory, collection->livepatch);

	task->process = process;
	task->thread = thread;
	g_ptr_array_add(collection->tasks->waiting, task);
}

struct host_tasks *host_tasks(const struct host *host, const struct host_livepatch *livepatch)
{
	struct host_tasks *tasks = g_new0(struct host_tasks, 1);
	struct collection collection = {tasks, livepatch};

	tasks->waiting = g_ptr_array_new_with_free_func(task_free);
	if (livepatch_is_moving(livepatch))
		tasks->total = each_waiting(host, livepatch->state == LIVEPATCH_PATCHING, collect,
					    &collection);
	return tasks;
}

void host_tasks_free(struct host_tasks *tasks)
{
	g_ptr_array_unref(tasks->waiting);
	g_free(tasks);
}

static void count(const char *directory, int process, int thread, void *data)
{
	++*(guint *)data;
}

void host_tasks_count(const struct host *host, gboolean patching, guint *waiting, guint *total)
{
	*waiting = 0;
	*total = each_waiting(host, patching, count, waiting);
}

guint host_tasks_signal(const struct host_tasks *tasks)
{
	guint sent = 0;

	for (guint i = 0; i < tasks->waiting->len; i++) {
		const struct host_task *task = tasks->waiting->pdata[i];

		/* SIGCONT would set one going that somebody has stopped. */
		if (task->kernel || task->state == 'T')
			continue;
		sent += !kill(task->process, SIGSTOP) && !kill(task->process, SIGCONT);
	}
	return sent;
}
