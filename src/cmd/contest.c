/*
 * A policy after the other: its livepatches are built, then the scenarios gone through, in a new
 * machine after each that failed.
 */
#include "cmd/contest.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "build/pipeline.h"
#include "build/products.h"
#include "check/check.h"
#include "compare/builds.h"
#include "compare/template.h"
#include "kernel/modules.h"
#include "link/runtime.h"

#define NAME	"compared" /* of the livepatch: the kernel's words are about it */
#define TIMEOUT 900	   /* seconds, for a machine that may go through all scenarios */

struct running {
	const struct contest *contest;
	struct comparison *comparison;
	GPtrArray *functions;	 /* of the target, that are replaced: char *, owned */
	char *builds[NR_BUILDS]; /* paths */
	char *events;
	struct progress *progress;
};

/* --- livepatches ----------------------------------------------------------------------------- */

/* What a build makes on the way is removed before the next. */
static struct pipeline_result *build(struct running *running, const char *patch,
				     enum klatch_policy policy, GError **error)
{
	const struct contest *contest = running->contest;
	const char *const patches[] = {patch, NULL};
	g_autofree char *output = g_strdup_printf("%s/%s-livepatch", contest->workspace->path,
						  pipeline_policy_name(policy));
	g_autofree char *directory = workspace_path(contest->workspace, "build");
	const struct workspace workspace = {.path = directory};
	const struct pipeline_request request = {
		.release = contest->kernel->name,
		.patches = patches,
		.name = NAME,
		.output = output,
		.policy = policy,
		.workspace = &workspace,
	};

	if (!files_remove_tree(output, error) || !files_remove_tree(directory, error) ||
	    !files_make_directory(directory, error))
		return NULL;
	return pipeline_build(&request, running->progress, error);
}

static char *refusal_text(const struct pipeline_result *result)
{
	const struct klatch_reason *reason;

	if (result->status == PIPELINE_UNCHANGED)
		return g_strdup("nothing changes in the binary");
	reason = klatch_error_reason(g_ptr_array_index(result->refusals, 0));
	return g_strdup_printf("%s%s%s: %s", reason->where ? reason->where : "",
			       reason->where ? ": " : "", reason->what, reason->why);
}

/* The target's own livepatch, and the one of all else. */
static void find_livepatches(const struct running *running, const struct pipeline_result *result,
			     const char **livepatch, const char **own)
{
	for (guint i = 0; i < result->files->len; i++) {
		const struct product *product = result->files->pdata[i];

		if (product->kind != PRODUCT_LIVEPATCH)
			continue;
		if (!product->object || !strcmp(product->object, "vmlinux"))
			*livepatch = product->path;
		else if (!strcmp(product->object, running->comparison->target))
			*own = product->path;
	}
}

static gboolean add_memory(struct contender *contender, const char *path, GError **error)
{
	AUTO(object) object = path ? object_read(path, error) : NULL;
	g_autoptr(GPtrArray) sites = object ? check_sites(path, error) : NULL;

	if (!path)
		return TRUE;
	for (guint i = 0; object && i < object->sections->len; i++) {
		const struct section *section = object_section_at(object, i);

		if (section->flags & SHF_ALLOC && !g_str_has_prefix(section->name, ".init"))
			contender->memory += section->size;
	}
	for (guint i = 0; sites && i < sites->len; i++) {
		const struct check_site *site = sites->pdata[i];

		contender->written += (guint64)reloc_size(site->type);
	}
	return sites != NULL;
}

/* --- builds of the target -------------------------------------------------------------------- */

/* One that can't be made of this module leaves its scenario out. */
static gboolean make_build(struct running *running, enum build kind, GError **error)
{
	static const char *const names[] = {"other", "lacking", "failing"};
	const struct contest *contest = running->contest;
	AUTO(object)
	module = modules_object(contest->kernel, running->comparison->target, error);
	g_autofree char *path = g_strdup_printf("%s/%s.ko", contest->workspace->path, names[kind]);

	if (!module)
		return FALSE;
	if (!builds_change(module, kind, running->functions, NULL))
		return TRUE;
	if (!object_write(module, path, error))
		return FALSE;
	running->builds[kind] = g_steal_pointer(&path);
	return TRUE;
}

static gboolean make_builds(struct running *running, GError **error)
{
	AUTO(object)
	module = modules_object(running->contest->kernel, running->comparison->target, error);

	if (!module)
		return FALSE;
	running->events = builds_events(module);
	for (guint i = 0; i < NR_BUILDS; i++)
		if (!make_build(running, i, error))
			return FALSE;
	return TRUE;
}

/* --- trials ---------------------------------------------------------------------------------- */

/* Goes through all scenarios of a plan in a machine. */
static struct lab_report *try_plan(struct running *running, const struct contender *contender,
				   const struct plan *plan, const char *first, GError **error)
{
	const struct contest *contest = running->contest;
	g_autofree char *machine = workspace_path(contest->workspace, "machine");
	g_autofree char *log = g_strdup_printf(
		"%s/%s-%s.log", contest->logs ? contest->logs : machine, contender->name, first);
	const struct lab_trial trial = {
		.kernel = contest->kernel,
		.plan = plan,
		.directory = machine,
		.output_path = log,
		.timeout = contest->timeout ? contest->timeout : TIMEOUT,
	};
	AUTO(lab_report) report = NULL;

	if (!files_make_directory(machine, error))
		return NULL;
	report = lab_run(&trial, running->progress, error);
	if (!report || !files_remove_tree(machine, error))
		return NULL;
	g_free(running->comparison->accelerator);
	running->comparison->accelerator = g_strdup(report->accelerator);
	return g_steal_pointer(&report);
}

/*
 * Goes through scenarios in one machine, as many as can be: one that fails is the last, as it may
 * leave a broken kernel.  Returns how many; 0 with error.
 */
static guint try_some(struct running *running, struct contender *contender,
		      const char *const *scenarios, const struct template_values *values,
		      GError **error)
{
	g_autoptr(GArray) ends = g_array_new(FALSE, FALSE, sizeof(guint));
	AUTO(plan) plan = template_plan(scenarios, values, ends);
	AUTO(lab_report) report = try_plan(running, contender, plan, scenarios[0], error);
	guint count = 0;
	gboolean good = TRUE;

	for (; report && good && scenarios[count]; count++) {
		/* If the target can't be loaded at all, nothing can be said. */
		gboolean alone = ((struct lab_step *)report->steps->pdata[0])->result == LAB_PASSED;
		guint first = alone ? g_array_index(ends, guint, count) : 0;
		guint end = alone ? g_array_index(ends, guint, count + 1) : 1;

		if (!template_possible(scenarios[count], values))
			comparison_skip_trial(contender, scenarios[count],
					      "no such build can be made of this module");
		else
			good = comparison_add_trial(contender, scenarios[count],
						    running->comparison->target, report, first, end)
				       ->result != TRIAL_FAILED;
	}
	return count;
}

static gboolean try_all(struct running *running, enum klatch_policy policy,
			const struct pipeline_result *result, GError **error)
{
	struct contender *contender = &running->comparison->contenders[policy];
	struct template_values values = {
		.target = running->comparison->target,
		.events = running->events,
	};

	find_livepatches(running, result, &values.livepatch, &values.own);
	memcpy(values.builds, running->builds, sizeof(values.builds));
	contender->files = result->files->len;
	if (!add_memory(contender, values.livepatch, error) ||
	    !add_memory(contender, values.own, error))
		return FALSE;
	for (guint i = 0; template_names[i];) {
		guint count = try_some(running, contender, template_names + i, &values, error);

		if (!count)
			return FALSE;
		i += count;
	}
	return TRUE;
}

static gboolean enter(struct running *running, enum klatch_policy policy, GError **error)
{
	struct contender *contender = &running->comparison->contenders[policy];
	AUTO(pipeline_result) result = build(running, running->contest->patch, policy, error);

	if (!result)
		return FALSE;
	if (result->status == PIPELINE_BUILT)
		return try_all(running, policy, result, error);
	contender->refusal = refusal_text(result);
	return TRUE;
}

/* --- the patch ------------------------------------------------------------------------------- */

/* The first module that the patch changes is the target of all scenarios. */
static gboolean find_target(struct running *running, const struct pipeline_result *result,
			    GError **error)
{
	for (guint i = 0; i < result->objects->len; i++) {
		const struct changed_object *object = result->objects->pdata[i];

		if (!strcmp(object->name, "vmlinux"))
			continue;
		running->comparison->target = g_strdup(object->name);
		for (guint j = 0; j < object->functions->len; j++) {
			const struct changed_function *function = object->functions->pdata[j];

			g_ptr_array_add(running->functions, g_strdup(function->name));
		}
		return TRUE;
	}
	klatch_fail(error, KLATCH_REFUSED, "there is nothing to compare", running->contest->patch,
		    "take a patch of a module",
		    "it changes no module, and the policies differ by what they do with modules");
	return FALSE;
}

/* Builds with the default policy, for what is known of the patch then. */
static gboolean explore(struct running *running, GError **error)
{
	AUTO(pipeline_result)
	result = build(running, running->contest->patch, KLATCH_REBIND, error);
	g_autofree char *why = NULL;

	if (!result)
		return FALSE;
	if (result->status == PIPELINE_BUILT)
		return find_target(running, result, error) && make_builds(running, error);
	why = refusal_text(result);
	klatch_fail(error, KLATCH_REFUSED, "there is nothing to compare", running->contest->patch,
		    "see klatch build", "%s", why);
	return FALSE;
}

/* --- costs ----------------------------------------------------------------------------------- */

static gboolean count_costs(struct comparison *comparison, const struct kernel *kernel,
			    GError **error)
{
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		comparison->contenders[i].cost = cost_count(i, kernel, error);
		if (!comparison->contenders[i].cost)
			return FALSE;
	}
	return TRUE;
}

static gboolean add_internals(struct comparison *comparison, struct kernel *kernel, GError **error)
{
	struct internals *internals = internals_new(kernel->release);

	g_ptr_array_add(comparison->internals, internals);
	if (!runtime_renew(kernel, error))
		return FALSE;
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		internals->costs[i] = cost_count(i, kernel, error);
		if (!internals->costs[i])
			return FALSE;
	}
	return TRUE;
}

/* The prepared kernels, one of each series: this one, and the first of others. */
static gboolean count_internals(struct running *running, GError **error)
{
	g_autoptr(GPtrArray) names = kernel_list(error);
	g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);

	if (!names)
		return FALSE;
	g_hash_table_add(known, GUINT_TO_POINTER(running->contest->kernel->series));
	g_ptr_array_insert(names, 0, g_strdup(running->contest->kernel->name));
	for (guint i = 0; i < names->len; i++) {
		AUTO(kernel) kernel = kernel_open(names->pdata[i], NULL);

		if (!kernel || (i && !g_hash_table_add(known, GUINT_TO_POINTER(kernel->series))))
			continue;
		if (!add_internals(running->comparison, kernel, error))
			return FALSE;
	}
	return TRUE;
}

/* --- the corpus ------------------------------------------------------------------------------ */

static int compare_paths(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All patches below a directory. */
static gboolean find_patches(const char *directory, GPtrArray *patches, GError **error)
{
	GError *cause = NULL;
	g_autoptr(GDir) entries = g_dir_open(directory, 0, &cause);
	const char *name;

	if (!entries) {
		klatch_adopt(error, KLATCH_USAGE, "the corpus can't be read", directory, NULL,
			     cause);
		return FALSE;
	}
	while ((name = g_dir_read_name(entries))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		if (g_str_has_suffix(name, ".patch"))
			g_ptr_array_add(patches, g_steal_pointer(&path));
		else if (g_file_test(path, G_FILE_TEST_IS_DIR) &&
			 !find_patches(path, patches, error))
			return FALSE;
	}
	g_ptr_array_sort(patches, compare_paths);
	return TRUE;
}

/* One that is refused by the default policy before anything is linked is not for this kernel, or
 * not for livepatches, and one that changes no code needs none: that has nothing to do with
 * policies. */
static gboolean build_of_corpus(struct running *running, const char *patch, GError **error)
{
	struct comparison *comparison = running->comparison;
	g_autofree char *base = g_path_get_basename(patch);

	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		struct contender *contender = &comparison->contenders[i];
		AUTO(pipeline_result) result = build(running, patch, i, error);

		if (!result)
			return FALSE;
		if (i == 0 && (result->stages->len < 6 || result->status == PIPELINE_UNCHANGED))
			return TRUE;
		if (i == 0)
			comparison->corpus++;
		if (result->status == PIPELINE_BUILT) {
			contender->corpus_built++;
			continue;
		}
		g_autofree char *why = refusal_text(result);
		g_ptr_array_add(contender->corpus_refused, g_strdup_printf("%s: %s", base, why));
	}
	return TRUE;
}

static gboolean build_corpus(struct running *running, GError **error)
{
	g_autoptr(GPtrArray) patches = g_ptr_array_new_with_free_func(g_free);

	if (!running->contest->corpus)
		return TRUE;
	if (!find_patches(running->contest->corpus, patches, error))
		return FALSE;
	for (guint i = 0; i < patches->len; i++)
		if (!build_of_corpus(running, patches->pdata[i], error))
			return FALSE;
	return TRUE;
}

/* --------------------------------------------------------------------------------------------- */

static gboolean run(struct running *running, GError **error)
{
	if (!explore(running, error))
		return FALSE;
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		if (!enter(running, i, error))
			return FALSE;
	return count_costs(running->comparison, running->contest->kernel, error) &&
	       count_internals(running, error) && build_corpus(running, error);
}

struct comparison *contest_run(const struct contest *contest, struct progress *progress,
			       GError **error)
{
	AUTO(comparison) comparison = comparison_new();
	struct running running = {contest, comparison, .progress = progress};
	gboolean good;

	comparison->patch = g_path_get_basename(contest->patch);
	comparison->release = g_strdup(contest->kernel->name);
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++)
		comparison->contenders[i].name = pipeline_policy_name(i);
	running.functions = g_ptr_array_new_with_free_func(g_free);
	good = (!contest->logs || files_make_directory(contest->logs, error)) &&
	       run(&running, error);
	g_ptr_array_unref(running.functions);
	for (guint i = 0; i < NR_BUILDS; i++)
		g_free(running.builds[i]);
	g_free(running.events);
	return good ? g_steal_pointer(&comparison) : NULL;
}
