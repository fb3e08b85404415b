/*
 * A scenario from its file to the report: what it declares is built and made, then the lab runs it.
 */
#ifndef KLATCH_CMD_SCENARIO_H
#define KLATCH_CMD_SCENARIO_H

#include <glib.h>

#include "base/cleanup.h"
#include "base/progress.h"
#include "base/workspace.h"
#include "kernel/kernel.h"
#include "klatch.h"
#include "lab/lab.h"

struct scenario_request {
	const struct kernel *kernel;
	const char *path;	   /* the scenario */
	const char *output_path;   /* where the machine's output is kept */
	enum klatch_policy policy; /* of livepatches that don't say it themselves */
	unsigned int timeout;	   /* seconds for the machine; 0: enough for its modules */
	const struct workspace *workspace;
};

struct scenario_result {
	GPtrArray *refusals;	   /* of GError, owned: why a livepatch was not built */
	struct lab_report *report; /* NULL if one was not */
};

/*
 * Builds and makes what a plan declares, in a directory that stays until the plan has been run.
 * Refusals of livepatches are added to an array of GError.  FALSE with error as scenario_run().
 */
gboolean scenario_make(const struct scenario_request *request, struct plan *plan,
		       const char *directory, GPtrArray *refusals, struct progress *progress,
		       GError **error);

/*
 * Runs a scenario.  A livepatch that is refused, and a step that fails, are results; NULL with
 * error is what the file, its commands or the machine are to blame for.
 */
struct scenario_result *scenario_run(const struct scenario_request *request,
				     struct progress *progress, GError **error);
void scenario_result_free(struct scenario_result *result);
DEFINE_AUTO(scenario_result, scenario_result_free)

#endif
