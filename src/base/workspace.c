/*
 * The signals that end a command are blocked and awaited by one thread: there, unlike in a signal
 * handler, a tree can be removed with ordinary code.
 */
#include "base/workspace.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/files.h"

static void ending_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
}

static gpointer await_signal(gpointer path)
{
	sigset_t set;
	int number;

	ending_signals(&set);
	if (sigwait(&set, &number))
		return NULL;
	/* A child may still be writing below it: what it leaves is removed by the second pass. */
	if (!files_remove_tree(path, NULL))
		files_remove_tree(path, NULL);
	_exit(128 + number);
}

struct workspace *workspace_new(GError **error)
{
	g_autofree char *path = files_temporary_directory(error);
	sigset_t set;

	if (!path)
		return NULL;
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
