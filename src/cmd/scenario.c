/*
 * Scenarios: their livepatches through the pipeline, their files by the commands that make them.
 */
#include "cmd/scenario.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "cmd/pipeline.h"

struct scenario {
	const struct scenario_request *request;
	struct plan *plan;
	char *directory; /* in the workspace, gone when the scenario is */
	struct scenario_result *result;
	struct progress *progress;
};

void scenario_result_free(struct scenario_result *result)
{
	g_ptr_array_unref(result->refusals);
	g_clear_pointer(&result->report, lab_report_free);
	g_free(result);
}

/* Runs the command of a file that is to be made, where the scenario is. */
static gboolean make_file(const struct scenario *scenario, struct plan_item *item, GError **error)
{
	g_autofree char *path = g_build_filename(scenario->directory, item->name, NULL);
	g_autofree char *directory = g_path_get_dirname(scenario->plan->name);
	g_autofree char *out = g_strconcat("OUT=", path, NULL);
	g_autofree char *why = NULL;
	const char *const argv[] = {"sh", "-c", item->rest, NULL};
	const char *const environment[] = {out, NULL};
	const struct process process = {
		.argv = argv,
		.directory = directory,
		.environment = environment,
	};
	AUTO_PROCESS_RESULT result = {0};
	g_autoptr(GError) cause = NULL;

	if (!process_check(&process, item->name, &result, &cause)) {
		why = g_strdup_printf("its command does not make it: %s", cause->message);
		plan_blame(scenario->plan, item->line, why, NULL, error);
		return FALSE;
	}
	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
		plan_blame(scenario->plan, item->line, "its command did not write $OUT", NULL,
			   error);
		return FALSE;
	}
	item->path = g_steal_pointer(&path);
	return TRUE;
}

/* The paths of the patches that a livepatch is built of, NULL-terminated. */
static GPtrArray *patch_paths(const struct plan *plan, const struct plan_item *item)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) words = g_strsplit_set(item->rest, " \t", -1);

	for (guint i = 0; words[i]; i++)
		if (*words[i])
			g_ptr_array_add(paths, plan_path(plan, words[i]));
	g_ptr_array_add(paths, NULL);
	return paths;
}

static gboolean build_livepatch(const struct scenario *scenario, struct plan_item *item,
				GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/%s.ko", scenario->directory, item->name);
	g_autoptr(GPtrArray) patches = patch_paths(scenario->plan, item);
	const struct pipeline_request request = {
		.release = scenario->request->kernel->name,
		.patches = (const char *const *)patches->pdata,
		.name = item->name,
		.output = path,
		.workspace = scenario->request->workspace,
	};
	AUTO(pipeline_result) result = pipeline_build(&request, scenario->progress, error);

	if (!result)
		return FALSE;
	if (result->status == PIPELINE_UNCHANGED) {
		plan_blame(scenario->plan, item->line, "its patches change nothing in the binary",
			   NULL, error);
		return FALSE;
	}
	for (guint i = 0; i < result->refusals->len; i++)
		g_ptr_array_add(scenario->result->refusals,
				g_error_copy(result->refusals->pdata[i]));
	item->path = g_steal_pointer(&path);
	return TRUE;
}

/* In order of the file: what is made can be a part of what follows. */
static gboolean make_all(const struct scenario *scenario, GError **error)
{
	for (guint i = 0; i < scenario->plan->items->len; i++) {
		struct plan_item *item = g_ptr_array_index(scenario->plan->items, i);

		if (item->kind == PLAN_MADE && !make_file(scenario, item, error))
			return FALSE;
		if (plan_item_is_built(item) && !build_livepatch(scenario, item, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean run(struct scenario *scenario, GError **error)
{
	const struct scenario_request *request = scenario->request;
	const struct lab_trial trial = {
		.kernel = request->kernel,
		.plan = scenario->plan,
		.directory = scenario->directory,
		.output_path = request->output_path,
		.timeout = request->timeout,
	};

	if (!files_make_directory(scenario->directory, error) || !make_all(scenario, error))
		return FALSE;
	if (scenario->result->refusals->len)
		return TRUE;
	scenario->result->report = lab_run(&trial, scenario->progress, error);
	return scenario->result->report != NULL;
}

struct scenario_result *scenario_run(const struct scenario_request *request,
				     struct progress *progress, GError **error)
{
	AUTO(plan) plan = plan_read(request->path, NULL, error);
	g_autofree char *directory = workspace_path(request->workspace, "scenario");
	AUTO(scenario_result) result = NULL;
	struct scenario scenario = {request, plan, directory, NULL, progress};
	gboolean good;

	if (!plan)
		return NULL;
	result = g_new0(struct scenario_result, 1);
	result->refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
	scenario.result = result;
	good = run(&scenario, error);
	good = files_remove_tree(directory, good ? error : NULL) && good;
	return good ? g_steal_pointer(&result) : NULL;
}
