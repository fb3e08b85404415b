/*
 * One patch under each policy for late modules: built, tried, counted.
 */
#ifndef KLATCH_CMD_CONTEST_H
#define KLATCH_CMD_CONTEST_H

#include <glib.h>

#include "base/progress.h"
#include "base/workspace.h"
#include "compare/comparison.h"
#include "kernel/kernel.h"

struct contest {
	const struct kernel *kernel;
	const char *patch;
	const char *corpus;   /* a directory with patches, only built; or NULL */
	const char *logs;     /* a directory for the machines' output; NULL: it is not kept */
	unsigned int timeout; /* seconds for a machine; 0: 15 minutes */
	const struct workspace *workspace;
};

/*
 * NULL with error: KLATCH_REFUSED if the patch can't be built with the default policy, or changes
 * nothing in a module; else what the machine is to blame for.
 */
struct comparison *contest_run(const struct contest *contest, struct progress *progress,
			       GError **error);

#endif
