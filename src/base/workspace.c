/*
 * The signals that end a command are blocked and awaited by one thread: there, unlike in a signal
 * handler, more can be done than a flag set.
 *
 * Compilers that still run would write into the directory while it is removed, and the main thread
 * would go on and start more.  So the main thread is stopped where it stands, all descendants are
 * killed (this process is their reaper, so that grandchildren become its children), and only then
 * the directory is removed.  The main thread may hold the lock of malloc() where it stands: from
 * there on nothing may allocate, and rm(1) removes the directory.
 */
#include "base/workspace.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"

/* How often, ten times a second, children are looked for that do not die. */
#define MOST_LOOKS 50

static void ending_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

static void stop_here(int number)
{
	for (;;)
		pause();
}

/* Kills the children that a thread started; returns whether there were any. */
static gboolean kill_children(const char *list)
{
	char text[4096];
	int fd = open(list, O_RDONLY | O_CLOEXEC);
	gssize size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	gboolean any = FALSE;

	if (fd >= 0)
		close(fd);
	text[MAX(size, 0)] = '\0';
	for (char *at = text, *end; *at; at = end) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		if (!waitpid((pid_t)pid, NULL, WNOHANG))
			kill((pid_t)pid, SIGKILL);
		any = TRUE;
	}
	return any;
}

/* The main thread starts the children, and it is given the orphans. */
static void kill_descendants(void)
{
	char list[64];

	snprintf(list, sizeof(list), "/proc/self/task/%d/children", (int)getpid());
	for (guint look = 0; look < MOST_LOOKS && kill_children(list); look++)
		g_usleep(G_USEC_PER_SEC / 10);
}

static gpointer await_signal(gpointer path)
{
	char *const argv[] = {"rm", "-rf", "--", path, NULL};
	sigset_t set;
	pid_t child;
	int number;

	ending_signals(&set);
	if (sigwait(&set, &number))
		return NULL;
	tgkill(getpid(), getpid(), SIGUSR1); /* the main thread */
	kill_descendants();
	if (!posix_spawn(&child, "/bin/rm", NULL, NULL, argv, (char *[]){NULL}))
		waitpid(child, NULL, 0);
	_exit(128 + number);
}

struct workspace *workspace_new(GError **error)
{
	g_autofree char *path = files_temporary_directory(error);
	sigset_t set;

	if (!path)
		return NULL;
	signal(SIGUSR1, stop_here);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ending_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	g_thread_unref(g_thread_new("signals", await_signal, g_strdup(path)));

	struct workspace *workspace = g_new0(struct workspace, 1);
	workspace->path = g_steal_pointer(&path);
	return workspace;
}

void workspace_free(struct workspace *workspace)
{
	files_remove_tree(workspace->path, NULL);
	g_free(workspace->path);
	g_free(workspace);
}

char *workspace_path(const struct workspace *workspace, const char *name)
{
	return g_build_filename(workspace->path, name, NULL);
}
