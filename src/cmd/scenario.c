/*
 * Scenarios: their livepatches through the pipeline, their files by the commands that make them.
 */
#include "cmd/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "build/pipeline.h"
#include "build/products.h"

struct scenario {
	const struct scenario_request *request;
	struct plan *plan;
	const char *directory;
	GPtrArray *refusals;
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

/* What a livepatch is built of: patches, and perhaps options of klatch build. */
struct recipe {
	GPtrArray *patches; /* of char *, owned, NULL-terminated */
	enum klatch_policy policy;
	gboolean beside;
	guint version;
};

static gboolean read_policy(const struct plan *plan, const struct plan_item *item, const char *name,
			    enum klatch_policy *policy, GError **error)
{
	g_autoptr(GError) cause = NULL;

	if (pipeline_policy(name, policy, &cause))
		return TRUE;
	plan_blame(plan, item->line, cause->message, NULL, error);
	return FALSE;
}

static gboolean read_recipe(const struct plan *plan, const struct plan_item *item,
			    struct recipe *recipe, GError **error)
{
	static const char late[] = "--late=", version[] = "--version=";
	g_auto(GStrv) words = g_strsplit_set(item->rest, " \t", -1);

	for (guint i = 0; words[i]; i++) {
		if (!strcmp(words[i], "--no-replace"))
			recipe->beside = TRUE;
		else if (g_str_has_prefix(words[i], version))
			recipe->version = atoi(words[i] + strlen(version));
		else if (!g_str_has_prefix(words[i], late) && *words[i])
			g_ptr_array_add(recipe->patches, plan_path(plan, words[i]));
		else if (*words[i] &&
			 !read_policy(plan, item, words[i] + strlen(late), &recipe->policy, error))
			return FALSE;
	}
	g_ptr_array_add(recipe->patches, NULL);
	return TRUE;
}

/* A file that comes with a livepatch, as the policy has it. */
static void declare_product(struct plan *plan, const struct plan_item *item, gboolean first,
			    const struct product *product)
{
	g_autofree char *base = g_path_get_basename(product->path);
	g_autofree char *label = g_strndup(base, strcspn(base, "."));
	g_autofree char *fixed = g_strconcat("fixed_", product->object, NULL);

	if (product->kind == PRODUCT_FIXED) {
		plan_declare(plan, PLAN_MODULE, fixed, "")->path = g_strdup(product->path);
		return;
	}
	if (product->kind != PRODUCT_LIVEPATCH)
		return;
	if (!first)
		plan_declare(plan, PLAN_LIVEPATCH, label, "")->path = g_strdup(product->path);
	if (product->object && strcmp(product->object, "vmlinux"))
		plan_declare(plan, PLAN_FOLLOW, product->object, first ? item->name : label);
}

static gboolean take_products(const struct scenario *scenario, struct plan_item *item,
			      const struct pipeline_result *result, GError **error)
{
	struct plan *plan = scenario->plan;

	if (result->status == PIPELINE_UNCHANGED) {
		plan_blame(plan, item->line, "its patches change nothing in the binary", NULL,
			   error);
		return FALSE;
	}
	for (guint i = 0; i < result->refusals->len; i++)
		g_ptr_array_add(scenario->refusals, g_error_copy(result->refusals->pdata[i]));
	item->path = g_strdup(result->livepatch ? result->livepatch : "");
	for (guint i = 0; i < result->files->len; i++)
		declare_product(plan, item, i == 0, g_ptr_array_index(result->files, i));
	return TRUE;
}

static gboolean build_livepatch(const struct scenario *scenario, struct plan_item *item,
				GError **error)
{
	g_autofree char *path = g_strdup_printf("%s/%s.built", scenario->directory, item->name);
	g_autoptr(GPtrArray) patches = g_ptr_array_new_with_free_func(g_free);
	struct recipe recipe = {.patches = patches, .policy = scenario->request->policy};

	if (!read_recipe(scenario->plan, item, &recipe, error))
		return FALSE;
	const struct pipeline_request request = {
		.release = scenario->request->kernel->name,
		.patches = (const char *const *)patches->pdata,
		.name = item->name,
		.output = path,
		.policy = recipe.policy,
		.beside = recipe.beside,
		.version = recipe.version,
		.workspace = scenario->request->workspace,
	};
	AUTO(pipeline_result) result = pipeline_build(&request, scenario->progress, error);

	return result && take_products(scenario, item, result, error);
}

/* In order of the file: what is made can be a part of what follows. */
gboolean scenario_make(const struct scenario_request *request, struct plan *plan,
		       const char *directory, GPtrArray *refusals, struct progress *progress,
		       GError **error)
{
	const struct scenario scenario = {request, plan, directory, refusals, progress};

	if (!files_make_directory(directory, error))
		return FALSE;
	for (guint i = 0; i < plan->items->len; i++) {
		struct plan_item *item = g_ptr_array_index(plan->items, i);

		if (item->kind == PLAN_MADE && !make_file(&scenario, item, error))
			return FALSE;
		if (plan_item_is_built(item) && !build_livepatch(&scenario, item, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean run(const struct scenario_request *request, struct plan *plan,
		    const char *directory, struct scenario_result *result,
		    struct progress *progress, GError **error)
{
	const struct lab_trial trial = {
		.kernel = request->kernel,
		.plan = plan,
		.directory = directory,
		.output_path = request->output_path,
		.timeout = request->timeout,
	};

	if (!scenario_make(request, plan, directory, result->refusals, progress, error))
		return FALSE;
	if (result->refusals->len)
		return TRUE;
	result->report = lab_run(&trial, progress, error);
	return result->report != NULL;
}

struct scenario_result *scenario_run(const struct scenario_request *request,
				     struct progress *progress, GError **error)
{
	AUTO(plan) plan = plan_read(request->path, NULL, error);
	g_autofree char *directory = workspace_path(request->workspace, "scenario");
	AUTO(scenario_result) result = NULL;
	gboolean good;

	if (!plan)
		return NULL;
	result = g_new0(struct scenario_result, 1);
	result->refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
	good = run(request, plan, directory, result, progress, error);
	good = files_remove_tree(directory, good ? error : NULL) && good;
	return good ? g_steal_pointer(&result) : NULL;
}
