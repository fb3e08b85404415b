/*
 * klatch build: patch files to one livepatch.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/stages.h"
#include "build/pipeline.h"
#include "build/products.h"
#include "cmd/command.h"
#include "cmd/report.h"

static const char *const status_names[] = {
	[PIPELINE_BUILT] = "built",
	[PIPELINE_REFUSED] = "refused",
	[PIPELINE_UNCHANGED] = "unchanged",
};

static const int status_exits[] = {
	[PIPELINE_BUILT] = EXIT_DONE,
	[PIPELINE_REFUSED] = EXIT_REFUSED,
	[PIPELINE_UNCHANGED] = EXIT_UNCHANGED,
};

static const char *const product_kinds[] = {
	[PRODUCT_LIVEPATCH] = "livepatch",
	[PRODUCT_FIXED] = "fixed",
	[PRODUCT_GLUE] = "glue",
};

static void add_files(JsonBuilder *builder, const struct pipeline_result *result)
{
	json_builder_set_member_name(builder, "files");
	json_builder_begin_array(builder);
	for (guint i = 0; i < result->files->len; i++) {
		const struct product *product = g_ptr_array_index(result->files, i);

		json_builder_begin_object(builder);
		command_add_string(builder, "path", product->path);
		command_add_string(builder, "kind", product_kinds[product->kind]);
		command_add_string(builder, "object", product->object);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void print_json(const struct pipeline_result *result)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", status_names[result->status]);
	command_add_string(builder, "livepatch", result->livepatch);
	add_files(builder, result);
	command_add_string(builder, "kernel", result->kernel);
	report_objects_json(result->objects, builder);
	command_add_errors(builder, "refusals", result->refusals);
	command_add_errors(builder, "skipped", result->skipped);
	command_add_strings(builder, "notes", result->notes);
	command_stages_json(result->stages, builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

static void print_functions(const struct pipeline_result *result)
{
	for (guint i = 0; i < result->objects->len; i++) {
		const struct changed_object *object = g_ptr_array_index(result->objects, i);

		for (guint j = 0; j < object->functions->len; j++) {
			const struct changed_function *function =
				g_ptr_array_index(object->functions, j);

			printf("%-16s %-32s %-8s %s\n", object->name, function->name,
			       function->change, function->why);
		}
	}
}

static void print_skipped(const struct pipeline_result *result)
{
	for (guint i = 0; i < result->skipped->len; i++) {
		const struct klatch_reason *reason =
			klatch_error_reason(g_ptr_array_index(result->skipped, i));

		printf("skipped: %s: %s: %s\n", reason->where, reason->what, reason->why);
	}
}

/* What to do with it now.  A trial loads targets late, which a directory's policy is not for. */
static void print_next(const struct pipeline_result *result)
{
	for (guint i = 1; i < result->files->len; i++)
		printf("%s\n", ((const struct product *)result->files->pdata[i])->path);
	if (result->files->len > 1)
		printf("next: klatch-build(1) says where these files go\n");
	else
		printf("next: klatch try -k %s %s\n", result->kernel, result->livepatch);
}

static void print_text(const struct pipeline_result *result)
{
	double total = 0;

	for (guint i = 0; i < result->notes->len; i++)
		printf("note: %s\n", (char *)g_ptr_array_index(result->notes, i));
	print_functions(result);
	print_skipped(result);
	for (guint i = 0; i < result->refusals->len; i++)
		command_print_error(g_ptr_array_index(result->refusals, i));
	for (guint i = 0; i < result->stages->len; i++)
		total += g_array_index(result->stages, struct timed_stage, i).seconds;

	switch (result->status) {
	case PIPELINE_BUILT:
		printf("\n%s for %s, in %.1f s\n", result->livepatch, result->kernel, total);
		print_next(result);
		break;
	case PIPELINE_REFUSED:
		printf("\nrefused: nothing was written\n");
		break;
	case PIPELINE_UNCHANGED:
		printf("nothing %schanges in the binary of %s: there is nothing to make live\n",
		       result->skipped->len ? "but what was skipped " : "", result->kernel);
		break;
	}
}

/* "CVE-2024-1234": a year, and four digits or more. */
static gboolean check_cves(const char *const *cves, GError **error)
{
	for (gsize i = 0; cves && cves[i]; i++) {
		if (g_regex_match_simple("^CVE-[0-9]{4}-[0-9]{4,}$", cves[i], 0, 0))
			continue;
		command_wrong(error, cves[i], "this is not the name of a CVE");
		return FALSE;
	}
	return TRUE;
}

struct options {
	struct pipeline_request request;
	char *release, *output, *name, *late, *mismatch;
	char **skip_data, **cves;
	int version; /* -1: none was given */
	gboolean json;
};

static void options_clear(struct options *options)
{
	g_free(options->release);
	g_free(options->output);
	g_free(options->name);
	g_free(options->late);
	g_free(options->mismatch);
	g_strfreev(options->skip_data);
	g_strfreev(options->cves);
}

/* Reads the command line.  On a wrong one, or --help, the exit code is in *status. */
static gboolean read_options(int *argc, char ***argv, struct options *options, int *status)
{
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &options->release,
		 "the kernel's release (default: the running one)", "RELEASE"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
		 "where to write the livepatch (default: NAME.ko); with no-late and split the "
		 "directory of several files (default: NAME)",
		 "FILE"},
		{"name", 0, 0, G_OPTION_ARG_STRING, &options->name,
		 "the livepatch's module name (default: from the first patch)", "NAME"},
		{"late", 0, 0, G_OPTION_ARG_STRING, &options->late,
		 "what is done for modules that may come late: rebind (default), clear, pin, "
		 "no-late, split, kernel",
		 "POLICY"},
		{"mismatch", 0, 0, G_OPTION_ARG_STRING, &options->mismatch,
		 "another build of a module runs unpatched (default), or is refused: unpatched, "
		 "refuse",
		 "ACTION"},
		{"no-replace", 0, 0, G_OPTION_ARG_NONE, &options->request.beside,
		 "it stands beside the livepatches that are loaded, and does not take their place",
		 NULL},
		{"version", 0, 0, G_OPTION_ARG_INT, &options->version,
		 "it does not take the place of one with a higher version than N", "N"},
		{"skip-init", 0, 0, G_OPTION_ARG_NONE, &options->request.intent.skip_init,
		 "changed __init code does not matter: it is left out", NULL},
		{"skip-data", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->skip_data,
		 "the changed initialiser of this data does not matter: the data is left as it is",
		 "SYMBOL"},
		{"cve", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->cves,
		 "what it fixes, for klatch status and modinfo; may be given more than once",
		 "CVE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};

	return command_options(argc, argv, entries, "PATCH...",
			       "Makes one livepatch module out of patch files.", status);
}

static gboolean check_options(struct options *options, GError **error)
{
	if (options->late && !pipeline_policy(options->late, &options->request.policy, error))
		return FALSE;
	if (options->mismatch && strcmp(options->mismatch, "refuse") &&
	    strcmp(options->mismatch, "unpatched")) {
		command_wrong(error, options->mismatch, "--mismatch is unpatched or refuse");
		return FALSE;
	}
	if (options->version < -1 || !options->version) {
		command_wrong(error, NULL, "--version is a number from 1 on");
		return FALSE;
	}
	return check_cves((const char *const *)options->cves, error);
}

/* patches: NULL-terminated. */
static struct pipeline_result *build(struct options *options, const char *const *patches,
				     GError **error)
{
	struct pipeline_request *request = &options->request;

	if (!check_options(options, error))
		return NULL;
	if (!*patches) {
		klatch_fail(error, KLATCH_USAGE, "nothing to build", NULL,
			    "give one or more patch files; see klatch build --help",
			    "no patch file was given");
		return NULL;
	}

	AUTO(workspace) workspace = workspace_new(error);
	if (!workspace)
		return NULL;
	request->release = options->release;
	request->patches = patches;
	request->name = options->name;
	request->output = options->output;
	request->refuse_mismatch = !g_strcmp0(options->mismatch, "refuse");
	request->version = MAX(options->version, 0);
	request->cves = (const char *const *)options->cves;
	request->intent.skip_data = (const char *const *)options->skip_data;
	request->workspace = workspace;

	struct progress *progress = progress_bar_new();
	struct pipeline_result *result = pipeline_build(request, progress, error);
	progress_bar_end(progress);
	return result;
}

int command_build(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {.version = -1};
	AUTO(pipeline_result) result = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (!read_options(&argc, &argv, &options, &status))
		return status;
	result = build(&options, (const char *const *)argv + 1, &error);
	if (!result)
		return command_fail(error, options.json);
	if (options.json)
		print_json(result);
	else
		print_text(result);
	return status_exits[result->status];
}
