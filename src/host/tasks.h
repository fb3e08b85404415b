/*
 * The tasks of the running machine that a transition waits for.
 *
 * The kernel moves a task to the new code (or back to the old) when no function that is being
 * replaced is on its stack.  One that sleeps in such a function holds the transition up.
 */
#ifndef KLATCH_HOST_TASKS_H
#define KLATCH_HOST_TASKS_H

#include <glib.h>

#include "host/host.h"
#include "host/livepatch.h"

/* A line of /proc/PID/stack. */
struct stack_frame {
	char *function;
	guint64 offset, size;
	char *module; /* NULL: vmlinux */
};

struct host_task {
	int process, thread;
	char *name;
	char state;	  /* as ps(1): 'S', 'D', 'R' */
	gboolean kernel;  /* a kernel thread: no signal reaches it */
	GPtrArray *stack; /* of struct stack_frame, the innermost first, owned; may be empty */
	int blame;	  /* the frame that holds the transition up, or -1 if none of these does */
};

struct host_tasks {
	guint total;	    /* tasks that were looked at */
	GPtrArray *waiting; /* of struct host_task, owned */
};

/*
 * The tasks that have not come to where the transition of a livepatch leads.  The kernel's idle
 * tasks are not among them.
 */
struct host_tasks *host_tasks(const struct host *host, const struct host_livepatch *livepatch);
void host_tasks_free(struct host_tasks *tasks);
DEFINE_AUTO(host_tasks, host_tasks_free)

/* Only counts them, which is quicker. */
void host_tasks_count(const struct host *host, gboolean patching, guint *waiting, guint *total);

/* The frames in the text of /proc/PID/stack; lines of another form are left out.  Array of struct
 * stack_frame, owned. */
GPtrArray *stack_parse(const char *text);

/*
 * Sends SIGSTOP and SIGCONT to those that are not kernel threads: a task that sleeps and can be
 * woken leaves the kernel then, and goes on as before.  Returns how many got them.
 */
guint host_tasks_signal(const struct host_tasks *tasks);

#endif
