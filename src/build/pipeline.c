/*
 * From patches to a livepatch: overlay, touched units, compile, match, diff, link, check.
 *
 * Each stage is one function over struct pipeline; the table at the end runs and times them.  A
 * stage that finds the patch at fault adds refusals, and the build ends after that stage, so that
 * a user sees all refusals of a kind at once.
 */
#include "build/candidate.h"
#include "build/glue.h"
#include "build/intent.h"
#include "build/pipeline.h"
#include "build/products.h"
#include "build/spread.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/stages.h"
#include "check/check.h"
#include "compile/compile.h"
#include "fixed/fixed.h"
#include "kernel/kernel.h"
#include "kernel/modules.h"
#include "link/kept.h"
#include "link/link.h"
#include "link/runtime.h"
#include "release/cautions.h"
#include "tree/commands.h"
#include "tree/overlay.h"
#include "tree/touched.h"

/* MODULE_NAME_LEN is 64 - sizeof(unsigned long) on x86-64 (include/linux/moduleparam.h), with the
 * final NUL. */
#define LONGEST_NAME 55

/* So few units are compiled in one go, which leaves no CPU idle. */
#define FEW_UNITS 8

struct pipeline {
	const struct pipeline_request *request;
	struct pipeline_result *result;
	struct progress *progress;
	char *directory; /* in the workspace, gone when the build is */
	struct kernel *kernel;
	struct commands *commands;
	struct overlay *overlay;
	struct touched *touched;
	GPtrArray *compiled;
	GPtrArray *candidates;	/* of struct candidate */
	GHashTable *unit_notes; /* struct compiled to GPtrArray: of its last comparison */
	GPtrArray *data;	/* of char *, "SOURCE:SYMBOL": what --skip-data may name */
	struct images *images;
	struct spread *spread;
	char *name;
};

static struct pipeline_result *result_new(void)
{
	struct pipeline_result *result = g_new0(struct pipeline_result, 1);

	result->objects = changed_objects_new();
	result->refusals = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
	result->skipped = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
	result->notes = g_ptr_array_new_with_free_func(g_free);
	result->files = products_new();
	result->stages = timed_stages_new();
	return result;
}

void pipeline_result_free(struct pipeline_result *result)
{
	g_free(result->kernel);
	g_free(result->livepatch);
	g_ptr_array_unref(result->objects);
	g_ptr_array_unref(result->refusals);
	g_ptr_array_unref(result->skipped);
	g_ptr_array_unref(result->notes);
	g_ptr_array_unref(result->files);
	g_array_unref(result->stages);
	g_free(result);
}

/* Several units can say the same, of a type say: a user wants to read it once. */
static gboolean is_there(const GPtrArray *errors, const GError *wanted)
{
	const struct klatch_reason *reason = klatch_error_reason(wanted);

	for (guint i = 0; i < errors->len; i++) {
		const GError *other = g_ptr_array_index(errors, i);
		const struct klatch_reason *there = klatch_error_reason(other);

		if (!strcmp(other->message, wanted->message) ||
		    (reason->where && !g_strcmp0(there->where, reason->where) &&
		     !strcmp(there->what, reason->what)))
			return TRUE;
	}
	return FALSE;
}

static void add_once(GPtrArray *to, const GPtrArray *errors)
{
	for (guint i = 0; i < errors->len; i++) {
		const GError *error = g_ptr_array_index(errors, i);

		if (!is_there(to, error))
			g_ptr_array_add(to, g_error_copy(error));
	}
}

/*
 * A refusal is an answer, not a failure: keeps it in the result.  Any other error goes on up.
 * Returns whether the stage may go on.
 */
static gboolean keep_refusal(struct pipeline *pipeline, GError *problem, GError **error)
{
	if (g_error_matches(problem, KLATCH_ERROR, KLATCH_REFUSED)) {
		g_ptr_array_add(pipeline->result->refusals, problem);
		return TRUE;
	}
	g_propagate_error(error, problem);
	return FALSE;
}

/* A module name out of a patch's file name: 0001-net-fix-x.patch is klatch_0001_net_fix_x. */
static char *name_from_patch(const char *patch)
{
	g_autofree char *base = g_path_get_basename(patch);
	char *dot = strrchr(base, '.');

	if (dot && dot != base)
		*dot = '\0';
	char *name = g_strconcat("klatch_", base, NULL);
	for (char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c))
			*c = '_';
	if (strlen(name) > LONGEST_NAME)
		name[LONGEST_NAME] = '\0';
	return name;
}

static gboolean valid_name(const char *name)
{
	gsize length = strlen(name);

	return length > 0 && length <= LONGEST_NAME &&
	       strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_") == length;
}

/* Policies that take more than one file. */
static gboolean writes_directory(const struct pipeline *pipeline)
{
	return pipeline->request->policy == KLATCH_NO_LATE ||
	       pipeline->request->policy == KLATCH_SPLIT;
}

/* Each livepatch of split would take the place of the one before. */
static gboolean replaces(const struct pipeline_request *request)
{
	return !request->beside && request->policy != KLATCH_SPLIT;
}

/* Where to write.  Caller frees. */
static char *output_path(const struct pipeline *pipeline)
{
	if (pipeline->request->output)
		return g_strdup(pipeline->request->output);
	return g_strconcat(pipeline->name, writes_directory(pipeline) ? "" : ".ko", NULL);
}

static gboolean check_name(const char *name, GError **error)
{
	if (valid_name(name))
		return TRUE;
	klatch_fail(error, KLATCH_USAGE, "the livepatch can't have this name", name,
		    "choose another with --name",
		    "a module's name is 1 to %d letters, digits and underscores", LONGEST_NAME);
	return FALSE;
}

static gboolean check_version(const struct pipeline_request *request, GError **error)
{
	if (!request->version || replaces(request))
		return TRUE;
	klatch_fail(error, KLATCH_USAGE, "the command line is wrong", NULL, "leave --version out",
		    "a livepatch with a version takes the place of others, which those of "
		    "--no-replace and --late=split do not");
	return FALSE;
}

static gboolean stage_open(struct pipeline *pipeline, GError **error)
{
	const struct pipeline_request *request = pipeline->request;

	pipeline->name =
		request->name ? g_strdup(request->name) : name_from_patch(request->patches[0]);
	g_autofree char *output = output_path(pipeline);
	if (!check_name(pipeline->name, error) || !check_version(request, error) ||
	    (writes_directory(pipeline) && !products_check_directory(output, error)))
		return FALSE;
	pipeline->kernel = kernel_open(request->release, error);
	if (!pipeline->kernel || !check_name_is_free(pipeline->kernel, pipeline->name, error) ||
	    !runtime_renew(pipeline->kernel, error))
		return FALSE;
	pipeline->result->kernel = g_strdup(pipeline->kernel->name);
	pipeline->commands = commands_open(pipeline->kernel, error);
	if (!pipeline->commands)
		return FALSE;
	pipeline->images = images_new(pipeline->kernel);
	pipeline->spread = spread_new(pipeline->kernel, pipeline->commands);
	return TRUE;
}

static gboolean stage_overlay(struct pipeline *pipeline, GError **error)
{
	g_autofree char *directory = g_build_filename(pipeline->directory, "overlay", NULL);
	GError *problem = NULL;
	GPtrArray *cautions;

	pipeline->overlay =
		overlay_new(pipeline->kernel, pipeline->request->patches, directory, &problem);
	if (!pipeline->overlay)
		return keep_refusal(pipeline, problem, error);

	g_ptr_array_extend_and_steal(pipeline->result->notes,
				     layouts_notes(pipeline->overlay->layouts));
	cautions = cautions_of(pipeline->overlay->files, pipeline->kernel->source,
			       pipeline->overlay->plain_root, error);
	if (!cautions)
		return FALSE;
	g_ptr_array_extend_and_steal(pipeline->result->notes, cautions);
	pipeline->touched =
		touched_units(pipeline->kernel, pipeline->commands, pipeline->overlay, error);
	if (!pipeline->touched)
		return FALSE;
	add_once(pipeline->result->refusals, pipeline->touched->refusals);
	g_ptr_array_extend_and_steal(pipeline->result->notes,
				     g_ptr_array_ref(pipeline->touched->notes));
	return TRUE;
}

static gboolean types_may_change(const struct overlay *overlay)
{
	for (guint i = 0; i < overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(overlay->files, i);

		if (file->file_scope)
			return TRUE;
	}
	return FALSE;
}

static gboolean is_patched(const struct overlay *overlay, const char *path)
{
	for (guint i = 0; i < overlay->files->len; i++) {
		const struct patched_file *file = g_ptr_array_index(overlay->files, i);

		if (!strcmp(file->path, path))
			return TRUE;
	}
	return FALSE;
}

/* Of most units that include a patched header the binary stays the same: what was shipped is
 * compiled when that is known not to be so. */
static gboolean stock_can_wait(const struct pipeline *pipeline, const struct unit *unit,
			       guint units)
{
	return pipeline->request->compare_only ||
	       (units > FEW_UNITS && !is_patched(pipeline->overlay, unit->source));
}

static gboolean compile_wanted(struct pipeline *pipeline, const GPtrArray *compiled,
			       const char *directory, GError **error)
{
	GError *problem = NULL;

	return compile_all(pipeline->kernel, pipeline->overlay, compiled, directory, &problem) ||
	       keep_refusal(pipeline, problem, error);
}

/* Compiles units below a directory of the build's. */
static gboolean compile(struct pipeline *pipeline, const GPtrArray *units, const char *name,
			GError **error)
{
	g_autofree char *directory = g_build_filename(pipeline->directory, name, NULL);
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	for (guint i = 0; i < units->len; i++) {
		struct compiled *compiled = compiled_new(units->pdata[i], directory, i,
							 types_may_change(pipeline->overlay));

		if (stock_can_wait(pipeline, compiled->unit, units->len))
			compiled->kinds &= ~(1u << COMPILE_STOCK);
		g_ptr_array_add(pipeline->compiled, compiled);
		g_ptr_array_add(all, compiled);
	}
	return compile_wanted(pipeline, all, directory, error);
}

static gboolean stage_compile(struct pipeline *pipeline, GError **error)
{
	return compile(pipeline, pipeline->touched->units, "objects", error);
}

/* Adds copies of texts that are not there yet, with what they are of before them. */
static void add_texts(GPtrArray *to, const GPtrArray *texts, const char *of, const char *between)
{
	for (guint i = 0; i < texts->len; i++) {
		char *text = g_strconcat(of, between, (char *)texts->pdata[i], NULL);

		if (g_ptr_array_find_with_equal_func(to, text, g_str_equal, NULL))
			g_free(text);
		else
			g_ptr_array_add(to, text);
	}
}

/*
 * Compares one unit.  One that only includes a patched header and whose binary is the same is
 * dropped at once, to keep memory small; one that is patched itself stays, so that "unchanged" too
 * is said only of a unit that was proved to be the shipped one.
 */
static gboolean diff_unit(struct pipeline *pipeline, struct compiled *compiled, GError **error)
{
	struct candidate *candidate = candidate_new(compiled);
	struct diff_intent intent = pipeline->request->intent;

	/* Who only compares has nothing proved. */
	if (!pipeline->request->compare_only)
		intent.spread = spread_functions(pipeline->spread);
	intent.probed = spread_probed(pipeline->spread);
	g_ptr_array_add(pipeline->candidates, candidate);
	if (!candidate_diff(candidate, pipeline->kernel->series,
			    types_may_change(pipeline->overlay), &intent, error))
		return FALSE;
	add_once(pipeline->result->refusals, candidate->diff->refusals);
	add_once(pipeline->result->skipped, candidate->diff->skipped);
	add_texts(pipeline->data, candidate->diff->data, compiled->unit->source, ":");
	g_hash_table_replace(pipeline->unit_notes, compiled,
			     g_ptr_array_ref(candidate->diff->notes));
	if (!candidate_takes_part(candidate) && !candidate->diff->skipped->len &&
	    !is_patched(pipeline->overlay, compiled->unit->source))
		g_ptr_array_remove_index(pipeline->candidates, pipeline->candidates->len - 1);
	return TRUE;
}

/* When no unit is compared again. */
static void add_unit_notes(const struct pipeline *pipeline)
{
	for (guint i = 0; i < pipeline->compiled->len; i++) {
		const struct compiled *compiled = g_ptr_array_index(pipeline->compiled, i);
		const GPtrArray *notes = g_hash_table_lookup(pipeline->unit_notes, compiled);

		if (notes)
			add_texts(pipeline->result->notes, notes, compiled->unit->source, ": ");
	}
}

static gboolean stage_diff(struct pipeline *pipeline, GError **error)
{
	for (guint i = 0; i < pipeline->compiled->len; i++)
		if (!diff_unit(pipeline, g_ptr_array_index(pipeline->compiled, i), error))
			return FALSE;
	return intent_check(pipeline->request->intent.skip_data, pipeline->data, error);
}

/* What was compiled of a unit, or NULL. */
static struct compiled *compiled_of(const struct pipeline *pipeline, const struct unit *unit)
{
	for (guint i = 0; i < pipeline->compiled->len; i++) {
		struct compiled *compiled = g_ptr_array_index(pipeline->compiled, i);

		if (compiled->unit == unit)
			return compiled;
	}
	return NULL;
}

/* Compiles what waited for that. */
static gboolean compile_stock(struct pipeline *pipeline, GError **error)
{
	g_autofree char *directory = g_build_filename(pipeline->directory, "objects", NULL);
	g_autoptr(GPtrArray) waiting = g_ptr_array_new();

	for (guint i = 0; i < pipeline->candidates->len; i++) {
		const struct candidate *candidate = g_ptr_array_index(pipeline->candidates, i);
		struct compiled *compiled = compiled_of(pipeline, candidate->compiled->unit);

		if (compiled->kinds & 1 << COMPILE_STOCK)
			continue;
		compiled->kinds = 1 << COMPILE_STOCK;
		g_ptr_array_add(waiting, compiled);
	}
	return !waiting->len || compile_wanted(pipeline, waiting, directory, error);
}

/* Proves what was not proved yet. */
static gboolean stage_match(struct pipeline *pipeline, GError **error)
{
	if (!compile_stock(pipeline, error))
		return FALSE;
	for (guint i = 0; i < pipeline->candidates->len; i++) {
		struct candidate *candidate = g_ptr_array_index(pipeline->candidates, i);
		GError *problem = NULL;

		if (!candidate->match &&
		    !candidate_match(candidate, pipeline->kernel, pipeline->images, &problem) &&
		    !keep_refusal(pipeline, problem, error))
			return FALSE;
	}
	return TRUE;
}

/* Compares a unit, in place of what an earlier comparison found. */
static gboolean diff_again(struct pipeline *pipeline, struct compiled *compiled, GError **error)
{
	for (guint i = 0; i < pipeline->candidates->len; i++) {
		const struct candidate *candidate = g_ptr_array_index(pipeline->candidates, i);

		if (candidate->compiled == compiled)
			g_ptr_array_remove_index(pipeline->candidates, i--);
	}
	return diff_unit(pipeline, compiled, error);
}

static gboolean compare_again(struct pipeline *pipeline, const GPtrArray *units, GError **error)
{
	g_autofree char *directory = g_strdup_printf("objects-%u", pipeline->compiled->len);
	g_autoptr(GPtrArray) more = g_ptr_array_new();

	for (guint i = 0; i < units->len; i++)
		if (!compiled_of(pipeline, units->pdata[i]))
			g_ptr_array_add(more, units->pdata[i]);
	if (more->len && !compile(pipeline, more, directory, error))
		return FALSE;
	for (guint i = 0; i < units->len && !pipeline->result->refusals->len; i++)
		if (!diff_again(pipeline, compiled_of(pipeline, units->pdata[i]), error))
			return FALSE;
	return pipeline->result->refusals->len || stage_match(pipeline, error);
}

/* Who calls in other units what changed but can't be replaced itself. */
static gboolean stage_spread(struct pipeline *pipeline, GError **error)
{
	GPtrArray *refusals = pipeline->result->refusals;

	for (;;) {
		GError *problem = NULL;
		g_autoptr(GPtrArray) units = NULL;

		if (!refusals->len) {
			units = spread_units(pipeline->spread, pipeline->candidates,
					     pipeline->result->notes, &problem);
			if (!units && !keep_refusal(pipeline, problem, error))
				return FALSE;
		}
		/* What was refused is of callers: before there was nothing. */
		if (!units)
			units = spread_probe(pipeline->spread, pipeline->candidates);
		if (!units || !units->len)
			return TRUE;
		g_ptr_array_set_size(refusals, 0);
		if (!compare_again(pipeline, units, error))
			return FALSE;
	}
}

/* Each patch by its name and content; where it lay is of no interest elsewhere.  Caller frees. */
static char **describe_patches(const char *const *patches, GError **error)
{
	g_autoptr(GStrvBuilder) sources = g_strv_builder_new();

	for (gsize i = 0; patches[i]; i++) {
		g_autoptr(GBytes) bytes = files_map(patches[i], error);
		g_autofree char *name = g_path_get_basename(patches[i]);

		if (!bytes)
			return NULL;
		g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
		g_autofree char *source = g_strdup_printf("%s sha256:%s", name, sum);
		g_strv_builder_add(sources, source);
	}
	return g_strv_builder_end(sources);
}

/* Links the units of an object, or of all, to one livepatch. */
static gboolean link_object(struct pipeline *pipeline, const char *object, const char *name,
			    GError **error)
{
	g_autofree char *directory = g_build_filename(pipeline->directory, "link", NULL);
	g_autofree char *file = g_strconcat(name, ".ko", NULL);
	g_autofree char *path = g_build_filename(directory, file, NULL);
	g_autoptr(GArray) units = candidates_to_link(pipeline->candidates, object);
	g_auto(GStrv) sources = describe_patches(pipeline->request->patches, error);
	g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func(g_free);
	const struct link_options options = {
		.name = name,
		.policy = pipeline->request->policy,
		.refuse_mismatch = pipeline->request->refuse_mismatch,
		.replace = replaces(pipeline->request),
		.version = pipeline->request->version,
		.cves = pipeline->request->cves,
		.sources = (const char *const *)sources,
		.kept = kept,
	};
	GError *problem = NULL;

	if (!sources || !files_make_directory(directory, error))
		return FALSE;
	if (!link_livepatch(pipeline->kernel, &options, (struct link_unit *)units->data, units->len,
			    directory, path, &problem))
		return keep_refusal(pipeline, problem, error);
	if (kept->len) {
		g_autofree char *what = g_strconcat("once disabled, ", name, NULL);

		g_ptr_array_add(pipeline->result->notes, kept_describe(what, kept));
	}
	products_add(pipeline->result->files, PRODUCT_LIVEPATCH, object, file,
		     g_steal_pointer(&path));
	return TRUE;
}

/* The objects that something changes in, of borrowed char *; vmlinux first. */
static GPtrArray *changed_objects(const struct pipeline *pipeline)
{
	GPtrArray *objects = g_ptr_array_new();

	for (guint i = 0; i < pipeline->candidates->len; i++) {
		const struct candidate *candidate = g_ptr_array_index(pipeline->candidates, i);
		const char *object = candidate->compiled->unit->object;

		if (candidate_brings_anything(candidate) &&
		    !g_ptr_array_find_with_equal_func(objects, object, g_str_equal, NULL))
			g_ptr_array_insert(objects, strcmp(object, "vmlinux") ? -1 : 0,
					   (char *)object);
	}
	return objects;
}

/* "fix_tun" of livepatch fix and module tun, cut to what a module's name may be. */
static char *split_name(const struct pipeline *pipeline, const char *module)
{
	gsize room = MAX(LONGEST_NAME - (gssize)strlen(module) - 1, 1);

	return g_strdup_printf("%.*s_%s", (int)room, pipeline->name, module);
}

/* Policy split: a livepatch for each object, and what loads a module's one with it. */
static gboolean link_split(struct pipeline *pipeline, const GPtrArray *objects, GError **error)
{
	g_autoptr(GString) glue = glue_begin(pipeline->name, pipeline->kernel->release);
	g_autofree char *file = g_strconcat(pipeline->name, ".conf", NULL);
	g_autofree char *path = g_build_filename(pipeline->directory, file, NULL);

	for (guint i = 0; i < objects->len; i++) {
		const char *object = g_ptr_array_index(objects, i);
		gboolean module = strcmp(object, "vmlinux") != 0;
		g_autofree char *name =
			module ? split_name(pipeline, object) : g_strdup(pipeline->name);

		if (!check_name(name, error) || !link_object(pipeline, object, name, error))
			return FALSE;
		if (module)
			glue_add(glue, object, name);
	}
	if (!files_write(path, glue->str, glue->len, error))
		return FALSE;
	products_add(pipeline->result->files, PRODUCT_GLUE, NULL, file, g_steal_pointer(&path));
	return TRUE;
}

static gboolean stage_link(struct pipeline *pipeline, GError **error)
{
	g_autoptr(GPtrArray) objects = changed_objects(pipeline);

	add_unit_notes(pipeline);
	if (!objects->len)
		return TRUE;
	if (pipeline->request->policy == KLATCH_SPLIT)
		return link_split(pipeline, objects, error);
	return link_object(pipeline, NULL, pipeline->name, error);
}

static gboolean stage_check(struct pipeline *pipeline, GError **error)
{
	for (guint i = 0; i < pipeline->result->files->len; i++) {
		const struct product *product = g_ptr_array_index(pipeline->result->files, i);

		if (product->kind != PRODUCT_LIVEPATCH)
			continue;
		g_autoptr(GPtrArray) findings =
			check_livepatch(pipeline->kernel, product->path, error);
		if (!findings)
			return FALSE;
		add_once(pipeline->result->refusals, findings);
	}
	return TRUE;
}

/* Builds the fixed module; its file is called like the shipped one, but is not compressed. */
static gboolean build_fixed(struct pipeline *pipeline, const char *module, GError **error)
{
	g_autofree char *shipped = modules_path(pipeline->kernel, module, error);
	g_autofree char *base = shipped ? g_path_get_basename(shipped) : NULL;
	g_autofree char *folder = g_strconcat("fixed-", module, NULL);
	g_autofree char *directory = g_build_filename(pipeline->directory, folder, NULL);
	g_autofree char *made = g_strconcat(module, ".ko", NULL);
	g_autofree char *path = g_build_filename(directory, made, NULL);
	GError *problem = NULL;

	if (!base)
		return FALSE;
	g_autofree char *file = g_strndup(base, strlen(base) - strlen(strstr(base, ".ko")));
	g_autofree char *name = g_strconcat("updates/", file, ".ko", NULL);
	if (!fixed_build(pipeline->kernel, pipeline->commands, pipeline->overlay, module, directory,
			 path, &problem))
		return keep_refusal(pipeline, problem, error);
	products_add(pipeline->result->files, PRODUCT_FIXED, module, name, g_steal_pointer(&path));
	return TRUE;
}

/* Policy no-late: what may be loaded when the livepatch is. */
static gboolean stage_fixed(struct pipeline *pipeline, GError **error)
{
	g_autoptr(GPtrArray) objects = changed_objects(pipeline);

	if (!overlay_complete_plain(pipeline->overlay, pipeline->kernel, error))
		return FALSE;
	for (guint i = 0; i < objects->len; i++)
		if (strcmp(objects->pdata[i], "vmlinux") &&
		    !build_fixed(pipeline, objects->pdata[i], error))
			return FALSE;
	return TRUE;
}

/* What was made reaches the output only when all of it has been checked. */
static gboolean stage_write(struct pipeline *pipeline, GError **error)
{
	g_autofree char *output = output_path(pipeline);
	const GPtrArray *files = pipeline->result->files;

	if (!files->len)
		return TRUE;
	if (writes_directory(pipeline) ? !products_write_directory(files, output, error)
				       : !products_write_file(files, output, error))
		return FALSE;
	pipeline->result->livepatch =
		g_strdup(((const struct product *)g_ptr_array_index(files, 0))->path);
	return TRUE;
}

#define ALL ((1 << KLATCH_NR_POLICIES) - 1)

static const struct {
	const char *name;
	const char *doing;
	gboolean (*run)(struct pipeline *pipeline, GError **error);
	guint policies; /* that have this stage, a bit each */
} stages[] = {
	{"open", "opening the kernel", stage_open, ALL},
	{"overlay", "applying the patch", stage_overlay, ALL},
	{"compile", "compiling", stage_compile, ALL},
	{"diff", "comparing", stage_diff, ALL},
	{"match", "proving the original", stage_match, ALL},
	{"spread", "looking for callers", stage_spread, ALL},
	{"link", "linking", stage_link, ALL},
	{"check", "checking", stage_check, ALL},
	{"fixed", "building the fixed modules", stage_fixed, 1 << KLATCH_NO_LATE},
	{"write", "writing", stage_write, ALL},
};

static gboolean run_stages(struct pipeline *pipeline, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
		gint64 start = g_get_monotonic_time();

		if (!(stages[i].policies & 1 << pipeline->request->policy))
			continue;
		progress_report(pipeline->progress, stages[i].doing, -1);
		if (!stages[i].run(pipeline, error))
			return FALSE;
		timed_stages_add(pipeline->result->stages, stages[i].name, start);
		if (pipeline->result->refusals->len ||
		    (pipeline->request->compare_only && stages[i].run == stage_diff))
			break;
	}
	return TRUE;
}

static void conclude(struct pipeline *pipeline)
{
	struct pipeline_result *result = pipeline->result;

	add_unit_notes(pipeline);
	for (guint i = 0; i < pipeline->candidates->len; i++) {
		const struct candidate *candidate = g_ptr_array_index(pipeline->candidates, i);

		if (candidate->diff)
			changed_objects_add(result->objects, candidate);
	}
	if (!result->livepatch)
		g_ptr_array_set_size(result->files, 0); /* what was made was not written */
	if (result->refusals->len)
		result->status = PIPELINE_REFUSED;
	else
		result->status = result->livepatch ? PIPELINE_BUILT : PIPELINE_UNCHANGED;
}

static const char *const policy_names[KLATCH_NR_POLICIES] = {
	[KLATCH_REBIND] = "rebind",   [KLATCH_CLEAR] = "clear", [KLATCH_PIN] = "pin",
	[KLATCH_NO_LATE] = "no-late", [KLATCH_SPLIT] = "split", [KLATCH_KERNEL] = "kernel",
};

const char *pipeline_policy_name(enum klatch_policy policy)
{
	return policy_names[policy];
}

gboolean pipeline_policy(const char *name, enum klatch_policy *policy, GError **error)
{
	for (guint i = 0; i < KLATCH_NR_POLICIES; i++) {
		if (strcmp(name, policy_names[i]))
			continue;
		*policy = i;
		return TRUE;
	}
	klatch_fail(error, KLATCH_USAGE, "there is no such policy for late modules", name,
		    "see klatch build --help",
		    "it is none of rebind, clear, pin, no-late, split, kernel");
	return FALSE;
}

struct pipeline_result *pipeline_build(const struct pipeline_request *request,
				       struct progress *progress, GError **error)
{
	AUTO(pipeline_result) result = result_new();
	struct pipeline pipeline = {.request = request, .result = result, .progress = progress};

	pipeline.candidates = g_ptr_array_new_with_free_func((GDestroyNotify)candidate_free);
	pipeline.unit_notes =
		g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_ptr_array_unref);
	pipeline.data = g_ptr_array_new_with_free_func(g_free);
	pipeline.compiled = g_ptr_array_new_with_free_func((GDestroyNotify)compiled_free);

	pipeline.directory = workspace_path(request->workspace, "build");
	gboolean good =
		files_make_directory(pipeline.directory, error) && run_stages(&pipeline, error);
	if (good)
		conclude(&pipeline);
	/* The workspace may serve for several builds. */
	good = files_remove_tree(pipeline.directory, good ? error : NULL) && good;

	g_ptr_array_unref(pipeline.candidates);
	g_hash_table_unref(pipeline.unit_notes);
	g_ptr_array_unref(pipeline.data);
	g_clear_pointer(&pipeline.images, images_free);
	g_ptr_array_unref(pipeline.compiled);
	g_clear_pointer(&pipeline.spread, spread_free);
	g_clear_pointer(&pipeline.touched, touched_free);
	g_clear_pointer(&pipeline.overlay, overlay_free);
	g_clear_pointer(&pipeline.commands, commands_free);
	g_clear_pointer(&pipeline.kernel, kernel_free);
	g_free(pipeline.name);
	g_free(pipeline.directory);
	return good ? g_steal_pointer(&result) : NULL;
}
