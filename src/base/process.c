/*
 * Child processes: started by vfork(), waited for by pidfd and wait4().
 *
 * GLib would fork(), need a main loop for a time limit and has no resource usage.  What a child
 * reads and writes is in memory files, not pipes: nothing has to be pumped while it runs, and a
 * grandchild that keeps its output open can't hold klatch up.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/process.h"

/* A process that is stuck in the kernel (a device that hangs) does not die of SIGKILL: after this
 * time it is left behind. */
#define DYING_TIME (2 * G_TIME_SPAN_SECOND)

/* How much of what a failed process said goes into the error. */
#define LAST_LINES 12

/* A child process while it runs. */
struct child {
	const struct process *process;
	struct process_result *result;
	pid_t pid;
	int pidfd;
	int input; /* -1: /dev/null */
	int output;
	int errors;
	gint64 started;	 /* microseconds, monotonic */
	gint64 deadline; /* likewise; G_MAXINT64 for none */
};

void process_result_clear(struct process_result *result)
{
	g_free(result->output);
	g_free(result->errors);
	*result = (struct process_result){0};
}

unsigned int process_jobs(void)
{
	const char *wanted = g_getenv("KLATCH_JOBS");
	guint64 jobs;

	if (wanted && g_ascii_string_to_unsigned(wanted, 10, 1, 4096, &jobs, NULL))
		return jobs;
	return g_get_num_processors();
}

/* What a child needs to become the program; all of it made before, as it may not allocate. */
struct setup {
	pid_t parent;
	gboolean own_group;
	const char *directory;
	char *const *argv;
	char *const *environment;
	int fds[3];  /* what becomes its standard input, output and errors; none of these itself */
	int problem; /* errno, if it did not become the program */
};

/* klatch's own handlers must not run in a child that shares its memory. */
static void reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) || action.sa_handler == SIG_IGN)
			continue;
		action = (struct sigaction){.sa_handler = SIG_DFL};
		sigaction(number, &action, NULL);
	}
	/* klatch may have blocked the signals that end it; a child has to hear them itself. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child, with the parent's memory: it writes nothing there but setup->problem. */
static void become(struct setup *setup)
{
	/* Only what may be killed as a group gets its own: the rest stays with the terminal. */
	if (setup->own_group)
		setpgid(0, 0);
	reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have died before the line above, and then no signal comes. */
	if (getppid() != setup->parent)
		_exit(EXIT_FAILURE);
	for (int i = 0; i < (int)G_N_ELEMENTS(setup->fds); i++)
		if (dup2(setup->fds[i], i) < 0)
			goto failed;
	if (close_range(G_N_ELEMENTS(setup->fds), ~0U, CLOSE_RANGE_CLOEXEC))
		goto failed;
	if (setup->directory && chdir(setup->directory))
		goto failed;
	execvpe(setup->argv[0], setup->argv, setup->environment);
failed:
	setup->problem = errno;
	_exit(EXIT_FAILURE);
}

static char **make_environment(const char *const *additions)
{
	char **environment = g_get_environ();

	for (gsize i = 0; additions && additions[i]; i++) {
		g_auto(GStrv) pair = g_strsplit(additions[i], "=", 2);

		g_assert(pair[0] && pair[1]);
		environment = g_environ_setenv(environment, pair[0], pair[1], TRUE);
	}
	return environment;
}

/* Appending, because a child may open /dev/stderr anew and with that truncate it. */
static int memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd >= 0)
		fcntl(fd, F_SETFL, O_RDWR | O_APPEND);
	return fd;
}

static int open_input(GBytes *bytes)
{
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	int fd = memory_file("input");

	/* Memory takes all in one write, or has no room. */
	if (fd >= 0 && (write(fd, data, size) != (gssize)size || lseek(fd, 0, SEEK_SET))) {
		close(fd);
		return -1;
	}
	return fd;
}

static gboolean open_files(struct child *child)
{
	const struct process *process = child->process;

	if (process->input)
		child->input = open_input(process->input);
	if (process->output_path)
		child->output =
			open(process->output_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	else
		child->output = memory_file("output");
	child->errors = memory_file("errors");
	return (child->input >= 0 || !process->input) && child->output >= 0 && child->errors >= 0;
}

static void close_files(struct child *child)
{
	int fds[] = {child->pidfd, child->input, child->output, child->errors};

	for (gsize i = 0; i < G_N_ELEMENTS(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Copies of a child's files that are none of the standard ones. */
static gboolean copy_files(const struct child *child, int *fds)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const int files[] = {child->input >= 0 ? child->input : null, child->output, child->errors};
	gboolean good = TRUE;

	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		fds[i] = fcntl(files[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		good = good && fds[i] >= 0;
	}
	if (null >= 0)
		close(null);
	return good;
}

/* Not by fork(): the page tables of a process that has read a thousand objects take longer to copy
 * than a small program to run. */
static pid_t start_child(struct setup *setup)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (!pid)
		become(setup);
	if (pid < 0)
		setup->problem = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid > 0 && setup->problem)
		waitpid(pid, NULL, 0);
	return pid;
}

/* Sets errno if it can't. */
static gboolean spawn(struct child *child)
{
	const struct process *process = child->process;
	g_auto(GStrv) environment = make_environment(process->environment);
	struct setup setup = {
		.parent = getpid(),
		.own_group = process->timeout != 0,
		.directory = process->directory,
		.argv = (char *const *)process->argv,
		.environment = environment,
	};

	if (copy_files(child, setup.fds))
		child->pid = start_child(&setup);
	else
		setup.problem = errno;
	for (gsize i = 0; i < G_N_ELEMENTS(setup.fds); i++)
		if (setup.fds[i] >= 0)
			close(setup.fds[i]);
	errno = setup.problem;
	return !setup.problem;
}

static void kill_child(const struct child *child)
{
	kill(child->process->timeout ? -child->pid : child->pid, SIGKILL);
}

/* Sets errno if it can't; then the child is gone. */
static gboolean watch(struct child *child)
{
	child->pidfd = pidfd_open(child->pid, 0);
	if (child->pidfd >= 0)
		return TRUE;

	int number = errno;
	kill_child(child);
	waitpid(child->pid, NULL, 0);
	errno = number;
	return FALSE;
}

static gboolean start(struct child *child, const struct process *process,
		      struct process_result *result, GError **error)
{
	*child = (struct child){process, result, .pidfd = -1, .input = -1};
	child->started = g_get_monotonic_time();
	child->deadline = process->timeout ? child->started + process->timeout * G_TIME_SPAN_SECOND
					   : G_MAXINT64;
	if (open_files(child) && spawn(child) && watch(child))
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, "the program can't be started", process->argv[0],
		    NULL, "%s", g_strerror(errno));
	close_files(child);
	return FALSE;
}

/* All that was written, NUL-terminated. */
static char *read_back(int fd, gsize *size)
{
	struct stat status = {0};

	fstat(fd, &status);
	char *text = g_malloc(status.st_size + 1);
	gssize got = pread(fd, text, status.st_size, 0);
	*size = MAX(got, 0);
	text[*size] = '\0';
	return text;
}

/* Reaps a child that has ended, or leaves one behind that was killed and does not end. */
static void finish(struct child *child)
{
	struct process_result *result = child->result;
	struct rusage usage = {0};
	int status = SIGKILL;
	gsize errors_size;

	wait4(child->pid, &status, WNOHANG, &usage);
	result->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	result->seconds = (g_get_monotonic_time() - child->started) / (double)G_TIME_SPAN_SECOND;
	result->peak_memory = (guint64)usage.ru_maxrss * 1024;
	result->errors = read_back(child->errors, &errors_size);
	result->output = child->process->output_path
				 ? g_strdup("")
				 : read_back(child->output, &result->output_size);
	close_files(child);
}

/* Sleeps until a child ends or its time is up; kills those whose time is up. */
static void wait_for_any(struct child *children, guint count, struct pollfd *polls)
{
	gint64 now = g_get_monotonic_time(), deadline = G_MAXINT64;
	struct timespec limit;

	for (guint i = 0; i < count; i++) {
		polls[i] = (struct pollfd){.fd = children[i].pidfd, .events = POLLIN};
		deadline = MIN(deadline, children[i].deadline);
	}
	limit.tv_sec = MAX(deadline - now, 0) / G_TIME_SPAN_SECOND;
	limit.tv_nsec = MAX(deadline - now, 0) % G_TIME_SPAN_SECOND * 1000;
	if (ppoll(polls, count, deadline == G_MAXINT64 ? NULL : &limit, NULL) > 0)
		return;
	now = g_get_monotonic_time();
	for (guint i = 0; i < count; i++) {
		polls[i].revents = 0;
		if (children[i].deadline > now)
			continue;
		if (children[i].result->timed_out)
			polls[i].revents = POLLERR; /* killed long ago: over for us */
		kill_child(&children[i]);
		children[i].result->timed_out = TRUE;
		children[i].deadline = now + DYING_TIME;
	}
}

/* Takes a child that has ended to whoever waits for it; with an error before, to nobody. */
typedef gboolean take_child(struct child *child, gpointer data, GError **error);

static gboolean run_children(const struct process *processes, struct process_result *results,
			     gsize count, unsigned int jobs, take_child *take, gpointer data,
			     GError **error)
{
	g_autofree struct child *children = g_new(struct child, jobs);
	g_autofree struct pollfd *polls = g_new(struct pollfd, jobs);
	gboolean good = TRUE;
	gsize next = 0;
	guint running = 0;

	memset(results, 0, count * sizeof(*results));
	while (running || (good && next < count)) {
		if (good && next < count && running < jobs) {
			good = start(&children[running], &processes[next], &results[next], error);
			running += good;
			next++;
			continue;
		}
		wait_for_any(children, running, polls);
		for (guint i = running; i-- > 0;) {
			if (!polls[i].revents)
				continue;
			struct child ended = children[i];

			children[i] = children[--running];
			finish(&ended);
			good = good && (!take || take(&ended, data, error));
			if (good && take && next < count)
				break; /* taking may have lasted: keep the others busy first */
		}
	}
	return good;
}

gboolean process_run_all(const struct process *processes, struct process_result *results,
			 gsize count, unsigned int jobs, GError **error)
{
	return run_children(processes, results, count, jobs, NULL, NULL, error);
}

struct taking {
	const struct process *processes;
	process_done *done;
	gpointer data;
};

static gboolean take_result(struct child *child, gpointer data, GError **error)
{
	const struct taking *taking = data;
	gboolean good = taking->done(child->process - taking->processes, child->result,
				     taking->data, error);

	process_result_clear(child->result);
	return good;
}

gboolean process_run_each(const struct process *processes, gsize count, unsigned int jobs,
			  process_done *done, gpointer data, GError **error)
{
	g_autofree struct process_result *results = g_new(struct process_result, count);
	struct taking taking = {processes, done, data};
	gboolean good = run_children(processes, results, count, jobs, take_result, &taking, error);

	for (gsize i = 0; i < count; i++)
		process_result_clear(&results[i]);
	return good;
}

gboolean process_run(const struct process *process, struct process_result *result, GError **error)
{
	return process_run_all(process, result, 1, 1, error);
}

/* The end of what a process said, as text that can be shown. */
static char *last_lines(const char *said)
{
	g_autofree char *text = g_strchomp(g_utf8_make_valid(said, -1));
	const char *from = text + strlen(text);

	for (guint lines = 0; from > text; from--)
		if (from[-1] == '\n' && ++lines == LAST_LINES)
			break;
	return g_strdup(from);
}

gboolean process_check(const struct process *process, const char *what,
		       struct process_result *result, GError **error)
{
	if (!process_run(process, result, error))
		return FALSE;
	if (result->status == 0)
		return TRUE;

	const char *program = process->argv[0];
	g_autofree char *said = last_lines(*result->errors ? result->errors : result->output);
	g_autofree char *end =
		result->timed_out ? g_strdup_printf("took over %u s", process->timeout)
		: result->status > 128
			? g_strdup_printf("was killed: %s", g_strsignal(result->status - 128))
			: g_strdup_printf("ended with status %d", result->status);
	klatch_fail(error, KLATCH_ENVIRONMENT, what, NULL, NULL, "%s %s%s%s", program, end,
		    *said ? ":\n" : "", said);
	return FALSE;
}
