/*
 * A workspace: the temporary directory of one command, gone when the command ends, also when a
 * signal ends it.
 */
#ifndef KLATCH_BASE_WORKSPACE_H
#define KLATCH_BASE_WORKSPACE_H

#include <glib.h>

#include "base/cleanup.h"

struct workspace {
	char *path;
};

/*
 * Makes a directory below $TMPDIR (or /tmp).  From now until workspace_free() SIGINT, SIGTERM and
 * SIGHUP end all descendants, remove it, and end the process with 128 + the signal.  SIGUSR1 is
 * used for that.  One at a time, made in the main thread before any other.
 */
struct workspace *workspace_new(GError **error);
void workspace_free(struct workspace *workspace); /* removes the directory */
DEFINE_AUTO(workspace, workspace_free)

/* A path below the workspace.  Caller frees. */
char *workspace_path(const struct workspace *workspace, const char *name);

#endif
