/*
 * klatch census --patches: each patch goes through the pipeline as far as the differ; then the
 * functions that it changes are counted in the stock image.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "build/pipeline.h"
#include "census/census.h"
#include "cmd/census_patches.h"
#include "cmd/command.h"

/* One patch and what was counted for it. */
struct patch {
	char *path;
	char *release; /* the kernel it applied to, or NULL */
	gboolean refused;
	struct census *census; /* NULL if it changes no function */
};

/* All patches together. */
struct total {
	guint patches; /* that change functions */
	guint64 functions;
	guint64 references;
	struct {
		guint patches;
		guint64 functions;
		guint64 entries;
	} of[CENSUS_MARKS];
};

static void patch_free(struct patch *patch)
{
	g_free(patch->path);
	g_free(patch->release);
	census_free(patch->census);
	g_free(patch);
}

static gint compare_patches(gconstpointer a, gconstpointer b)
{
	return strcmp((*(struct patch *const *)a)->path, (*(struct patch *const *)b)->path);
}

static gboolean find_patches(const char *directory, GPtrArray *patches, GError **error)
{
	GError *cause = NULL;
	g_autoptr(GDir) listing = g_dir_open(directory, 0, &cause);
	const char *name;

	if (!listing) {
		klatch_adopt(error, KLATCH_USAGE, "the patches can't be listed", directory, NULL,
			     cause);
		return FALSE;
	}
	while ((name = g_dir_read_name(listing))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			if (!find_patches(path, patches, error))
				return FALSE;
		} else if (g_str_has_suffix(name, ".patch")) {
			struct patch *patch = g_new0(struct patch, 1);

			patch->path = g_steal_pointer(&path);
			g_ptr_array_add(patches, patch);
		}
	}
	return TRUE;
}

/* Object name -> set of names of changed functions; what is new is not in the stock image. */
static GHashTable *changed_functions(const struct pipeline_result *result)
{
	GHashTable *only = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
						 (GDestroyNotify)g_hash_table_unref);

	for (guint i = 0; i < result->objects->len; i++) {
		const struct changed_object *object = g_ptr_array_index(result->objects, i);
		GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

		for (guint j = 0; j < object->functions->len; j++) {
			const struct changed_function *function =
				g_ptr_array_index(object->functions, j);

			if (!strcmp(function->change, "changed"))
				g_hash_table_add(names, function->name);
		}
		g_hash_table_insert(only, object->name, names);
	}
	return only;
}

static gboolean count(struct patch *patch, const struct pipeline_result *result, GError **error)
{
	g_autoptr(GHashTable) only = changed_functions(result);
	const struct census_wish wish = {.only = only};
	AUTO(kernel) kernel = kernel_open(result->kernel, error);

	if (!kernel)
		return FALSE;
	patch->census = census_take(kernel, &wish, NULL, error);
	return patch->census != NULL;
}

/* Compares on one kernel.  Whether the patch applied is seen by its having got to the differ. */
static gboolean compare_on(struct patch *patch, const char *release, const struct workspace *parent,
			   GError **error)
{
	g_autofree char *place = workspace_path(parent, "patch");
	const struct workspace workspace = {.path = place};
	const char *const paths[] = {patch->path, NULL};
	const struct pipeline_request request = {
		.release = release,
		.patches = paths,
		.name = "klatch_census",
		.workspace = &workspace,
		.compare_only = TRUE,
	};

	if (!files_make_directory(place, error))
		return FALSE;
	AUTO(pipeline_result) result = pipeline_build(&request, NULL, error);
	if (!result || !files_remove_tree(place, error))
		return FALSE;
	patch->refused = result->status == PIPELINE_REFUSED;
	if (patch->refused && !result->objects->len)
		return TRUE;
	patch->release = g_strdup(result->kernel);
	return count(patch, result, error);
}

static gboolean compare(struct patch *patch, char **kernels, const struct workspace *workspace,
			GError **error)
{
	for (guint i = 0; !patch->release && (kernels ? kernels[i] != NULL : i == 0); i++)
		if (!compare_on(patch, kernels ? kernels[i] : NULL, workspace, error))
			return FALSE;
	return TRUE;
}

static void add_up(const GPtrArray *patches, struct total *total)
{
	for (guint i = 0; i < patches->len; i++) {
		const struct patch *patch = g_ptr_array_index(patches, i);
		const struct census_group *all = patch->census ? &patch->census->all : NULL;

		if (!all || !all->functions)
			continue;
		total->patches++;
		total->functions += all->functions;
		total->references += all->references;
		for (guint mark = 0; mark < CENSUS_MARKS; mark++) {
			total->of[mark].patches += all->of[mark].functions > 0;
			total->of[mark].functions += all->of[mark].functions;
			total->of[mark].entries += all->of[mark].entries;
		}
	}
}

static double share(guint64 of, guint64 all)
{
	return all ? 100 * (double)of / (double)all : 0;
}

static void print_text(const GPtrArray *patches, const struct total *total)
{
	printf("%u patches, of which %u change %" G_GUINT64_FORMAT " functions of the image\n\n"
	       "%-46s %12s %12s %9s\n",
	       patches->len, total->patches, total->functions, "", "of patches", "of functions",
	       "entries");
	for (guint mark = 0; mark < CENSUS_MARKS; mark++) {
		const struct census_meaning *meaning = census_meaning(mark);

		if (!total->of[mark].functions)
			continue;
		printf("  %s%-*s %10.1f %% %10.1f %% %9" G_GUINT64_FORMAT "\n",
		       meaning->detail ? "  " : "", meaning->detail ? 42 : 44, meaning->text,
		       share(total->of[mark].patches, total->patches),
		       share(total->of[mark].functions, total->functions), total->of[mark].entries);
	}
}

static void add_number(JsonBuilder *builder, const char *member, guint64 value)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_int_value(builder, (gint64)value);
}

static void add_patch(JsonBuilder *builder, const struct patch *patch)
{
	json_builder_begin_object(builder);
	command_add_string(builder, "patch", patch->path);
	command_add_string(builder, "kernel", patch->release);
	json_builder_set_member_name(builder, "refused");
	json_builder_add_boolean_value(builder, patch->refused);
	add_number(builder, "functions", patch->census ? patch->census->all.functions : 0);
	for (guint mark = 0; patch->census && mark < CENSUS_MARKS; mark++)
		if (patch->census->all.of[mark].functions)
			add_number(builder, census_meaning(mark)->key,
				   patch->census->all.of[mark].functions);
	json_builder_end_object(builder);
}

static void add_total(JsonBuilder *builder, const struct total *total)
{
	add_number(builder, "changing", total->patches);
	add_number(builder, "functions", total->functions);
	add_number(builder, "late_references", total->references);
	for (guint mark = 0; mark < CENSUS_MARKS; mark++) {
		json_builder_set_member_name(builder, census_meaning(mark)->key);
		json_builder_begin_object(builder);
		add_number(builder, "patches", total->of[mark].patches);
		add_number(builder, "functions", total->of[mark].functions);
		add_number(builder, "entries", total->of[mark].entries);
		json_builder_end_object(builder);
	}
}

static void print_json(const GPtrArray *patches, const struct total *total)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	add_total(builder, total);
	json_builder_set_member_name(builder, "patches");
	json_builder_begin_array(builder);
	for (guint i = 0; i < patches->len; i++)
		add_patch(builder, g_ptr_array_index(patches, i));
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

static gboolean compare_all(const GPtrArray *patches, char **kernels, GError **error)
{
	AUTO(workspace) workspace = workspace_new(error);
	struct progress *progress = workspace ? progress_bar_new() : NULL;
	gboolean good = workspace != NULL;

	for (guint i = 0; good && i < patches->len; i++) {
		progress_report(progress, "comparing what the patches change",
				(double)i / patches->len);
		good = compare(g_ptr_array_index(patches, i), kernels, workspace, error);
	}
	progress_bar_end(progress);
	return good;
}

gboolean census_patches(const char *directory, char **kernels, gboolean json, GError **error)
{
	g_autoptr(GPtrArray) patches = g_ptr_array_new_with_free_func((GDestroyNotify)patch_free);
	struct total total = {0};

	if (!find_patches(directory, patches, error))
		return FALSE;
	g_ptr_array_sort(patches, compare_patches);
	if (!compare_all(patches, kernels, error))
		return FALSE;
	add_up(patches, &total);
	if (json)
		print_json(patches, &total);
	else
		print_text(patches, &total);
	return TRUE;
}
