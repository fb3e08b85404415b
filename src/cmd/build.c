/*
 * klatch build: patch files to one livepatch.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/pipeline.h"
#include "cmd/products.h"

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

static void add_errors(JsonBuilder *builder, const char *member, const GPtrArray *errors)
{
	json_builder_set_member_name(builder, member);
	json_builder_begin_array(builder);
	for (guint i = 0; i < errors->len; i++)
		json_builder_add_value(builder, command_error_json(g_ptr_array_index(errors, i)));
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
	changed_objects_json(result->objects, builder);
	add_errors(builder, "refusals", result->refusals);
	add_errors(builder, "skipped", result->skipped);
	json_builder_set_member_name(builder, "notes");
	json_builder_begin_array(builder);
	for (guint i = 0; i < result->notes->len; i++)
		json_builder_add_string_value(builder, g_ptr_array_index(result->notes, i));
	json_builder_end_array(builder);
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
		total += g_array_index(result->stages, struct command_stage, i).seconds;

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
		klatch_fail(error, KLATCH_USAGE, "the command line is wrong", cves[i],
			    "see klatch build --help", "this is not the name of a CVE");
		return FALSE;
	}
	return TRUE;
}

int command_build(int argc, char **argv)
{
	g_autofree char *release = NULL, *output = NULL, *name = NULL, *late = NULL;
	g_autofree char *mismatch = NULL;
	g_auto(GStrv) skip_data = NULL, cves = NULL;
	gboolean json = FALSE, replace = FALSE, skip_init = FALSE;
	g_autoptr(GError) error = NULL;
	enum klatch_policy policy = KLATCH_REBIND;
	int status, version = -1;
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &release,
		 "the kernel's release (default: the running one)", "RELEASE"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
		 "where to write the livepatch (default: NAME.ko); with no-late and split the "
		 "directory of several files (default: NAME)",
		 "FILE"},
		{"name", 0, 0, G_OPTION_ARG_STRING, &name,
		 "the livepatch's module name (default: from the first patch)", "NAME"},
		{"late", 0, 0, G_OPTION_ARG_STRING, &late,
		 "what is done for modules that may come late: rebind (default), clear, pin, "
		 "no-late, split, kernel",
		 "POLICY"},
		{"mismatch", 0, 0, G_OPTION_ARG_STRING, &mismatch,
		 "another build of a module runs unpatched (default), or is refused: unpatched, "
		 "refuse",
		 "ACTION"},
		{"replace", 0, 0, G_OPTION_ARG_NONE, &replace,
		 "it takes the place of all livepatches that are loaded", NULL},
		{"version", 0, 0, G_OPTION_ARG_INT, &version,
		 "likewise, but not of one with a higher version than N", "N"},
		{"skip-init", 0, 0, G_OPTION_ARG_NONE, &skip_init,
		 "changed __init code does not matter: it is left out", NULL},
		{"skip-data", 0, 0, G_OPTION_ARG_STRING_ARRAY, &skip_data,
		 "the changed initialiser of this data does not matter: the data is left as it is",
		 "SYMBOL"},
		{"cve", 0, 0, G_OPTION_ARG_STRING_ARRAY, &cves,
		 "what it fixes, for klatch status and modinfo; may be given more than once",
		 "CVE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};

	if (!command_options(&argc, &argv, entries, "PATCH...",
			     "Makes one livepatch module out of patch files.", &status))
		return status;
	if ((late && !pipeline_policy(late, &policy, &error)) ||
	    !check_cves((const char *const *)cves, &error))
		return command_fail(error, json);
	if (mismatch && strcmp(mismatch, "refuse") && strcmp(mismatch, "unpatched")) {
		klatch_fail(&error, KLATCH_USAGE, "the command line is wrong", mismatch,
			    "see klatch build --help", "--mismatch is unpatched or refuse");
		return command_fail(error, json);
	}
	if (version < -1 || !version) {
		klatch_fail(&error, KLATCH_USAGE, "the command line is wrong", NULL,
			    "see klatch build --help", "--version is a number from 1 on");
		return command_fail(error, json);
	}
	if (argc < 2) {
		klatch_fail(&error, KLATCH_USAGE, "nothing to build", NULL,
			    "give one or more patch files; see klatch build --help",
			    "no patch file was given");
		return command_fail(error, json);
	}

	AUTO(workspace) workspace = workspace_new(&error);
	struct progress *progress = progress_bar_new();
	struct pipeline_request request = {
		.release = release,
		.patches = (const char *const *)argv + 1,
		.name = name,
		.output = output,
		.policy = policy,
		.refuse_mismatch = !g_strcmp0(mismatch, "refuse"),
		.replace = replace,
		.version = MAX(version, 0),
		.cves = (const char *const *)cves,
		.intent = {skip_init, (const char *const *)skip_data},
		.workspace = workspace,
	};
	AUTO(pipeline_result)
	result = workspace ? pipeline_build(&request, progress, &error) : NULL;
	progress_bar_end(progress);
	if (!result)
		return command_fail(error, json);
	if (json)
		print_json(result);
	else
		print_text(result);
	return status_exits[result->status];
}
