/*
 * Child processes: run to the end, output captured, time limit kept, no zombie and no child left
 * behind when klatch itself is interrupted (children are started with PR_SET_PDEATHSIG, which
 * counts from the thread: start them from the main one).
 */
#ifndef KLATCH_BASE_PROCESS_H
#define KLATCH_BASE_PROCESS_H

#include <glib.h>

struct process {
	const char *const *argv;	/* NULL-terminated; argv[0] is looked up in $PATH */
	const char *directory;		/* working directory, or NULL for the current one */
	const char *const *environment; /* "NAME=value" added to the current one, or NULL */
	GBytes *input;			/* standard input, or NULL for /dev/null */
	const char *output_path;	/* stdout goes there, not to result.output; or NULL */
	unsigned int timeout;		/* seconds; 0 is none. Then the process group is killed */
};

struct process_result {
	int status;	     /* exit code; 128 + N when killed by signal N */
	gboolean timed_out;  /* killed, because its time was up */
	char *output;	     /* what it wrote to stdout, NUL-terminated */
	gsize output_size;   /* the NUL not counted */
	char *errors;	     /* what it wrote to stderr, NUL-terminated */
	double seconds;	     /* wall time */
	guint64 peak_memory; /* bytes, largest resident size of it and its children */
};

void process_result_clear(struct process_result *result);
#define AUTO_PROCESS_RESULT __attribute__((cleanup(process_result_clear))) struct process_result

/*
 * Runs a process to its end.  False with KLATCH_ENVIRONMENT if it can't be started (the error names
 * the program and the package hint is the caller's to add).  A non-zero status is not an error
 * here.
 */
gboolean process_run(const struct process *process, struct process_result *result, GError **error);

/*
 * Runs a process to its end and takes any non-zero status as an error (KLATCH_ENVIRONMENT) that
 * carries the last lines of its stderr; `what` begins the message ("unpacking the source").
 */
gboolean process_check(const struct process *process, const char *what,
		       struct process_result *result, GError **error);

/*
 * Runs many processes, at most `jobs` at a time, in order of the array; results[i] belongs to
 * processes[i], and each can be cleared, whatever happened.  When one fails to start, the others
 * that run are waited for, then it is the error.
 */
gboolean process_run_all(const struct process *processes, struct process_result *results,
			 gsize count, unsigned int jobs, GError **error);

/*
 * As process_run_all(), but calls `done` with the number of each as it ends, while others run: its
 * result is cleared afterwards.  When that returns false no more are started.
 */
typedef gboolean process_done(gsize number, const struct process_result *result, gpointer data,
			      GError **error);
gboolean process_run_each(const struct process *processes, gsize count, unsigned int jobs,
			  process_done *done, gpointer data, GError **error);

/* The number of jobs to run at once: $KLATCH_JOBS, else the CPUs this process may use. */
unsigned int process_jobs(void);

#endif
