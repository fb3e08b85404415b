/*
 * klatch compare: one patch under each policy for late modules, as a table and a page.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/workspace.h"
#include "cmd/command.h"
#include "cmd/contest.h"
#include "compare/page.h"
#include "compare/table.h"

struct options {
	char *release, *output, *corpus, *logs;
	int timeout;
	gboolean json;
};

static void print_json(const struct comparison *comparison, const struct table *table,
		       const char *page)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	command_add_string(builder, "patch", comparison->patch);
	command_add_string(builder, "kernel", comparison->release);
	command_add_string(builder, "target", comparison->target);
	command_add_string(builder, "accelerator", comparison->accelerator);
	command_add_string(builder, "page", page);
	json_builder_set_member_name(builder, "rows");
	json_builder_begin_array(builder);
	for (guint i = 0; i < table->rows->len; i++) {
		const struct row *row = table->rows->pdata[i];

		json_builder_begin_object(builder);
		command_add_string(builder, "group", row->group);
		command_add_string(builder, "title", row->title);
		command_add_string(builder, "how", row->how);
		for (guint j = 0; j < KLATCH_NR_POLICIES; j++)
			command_add_string(builder, comparison->contenders[j].name, row->cells[j]);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

/* The patch's name with another end, here: "fix.patch" to "fix.compare.html". */
static char *default_page(const char *patch)
{
	g_autofree char *base = g_path_get_basename(patch);
	char *dot = strrchr(base, '.');

	if (dot && dot != base)
		*dot = '\0';
	return g_strconcat(base, ".compare.html", NULL);
}

static gboolean compare(struct options *options, const char *patch, GError **error)
{
	AUTO(workspace) workspace = workspace_new(error);
	AUTO(kernel) kernel = workspace ? kernel_open(options->release, error) : NULL;
	AUTO(comparison) comparison = NULL;
	AUTO(table) table = NULL;
	g_autofree char *page = NULL, *text = NULL;
	struct progress *progress;

	if (!kernel)
		return FALSE;
	if (!options->output)
		options->output = default_page(patch);
	/* What can't be written is known now, not after all the work. */
	if (!files_write(options->output, "", 0, error))
		return FALSE;

	const struct contest contest = {
		.kernel = kernel,
		.patch = patch,
		.corpus = options->corpus,
		.logs = options->logs,
		.timeout = (unsigned int)options->timeout,
		.workspace = workspace,
	};
	progress = progress_bar_new();
	comparison = contest_run(&contest, progress, error);
	progress_bar_end(progress);
	if (!comparison) {
		files_remove_tree(options->output, NULL);
		return FALSE;
	}
	table = table_new(comparison);
	page = page_make(comparison, table);
	if (!files_write(options->output, page, strlen(page), error))
		return FALSE;
	if (options->json) {
		print_json(comparison, table, options->output);
		return TRUE;
	}
	text = table_text(table, comparison);
	printf("%s\n%s on %s (%s): the whole is in %s\n", text, comparison->patch,
	       comparison->release, comparison->accelerator, options->output);
	return TRUE;
}

static void options_clear(struct options *options)
{
	g_free(options->release);
	g_free(options->output);
	g_free(options->corpus);
	g_free(options->logs);
}

int command_compare(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {0};
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &options.release,
		 "the kernel's release (default: the running one)", "RELEASE"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
		 "where to write the page (default: PATCH.compare.html, here)", "FILE"},
		{"corpus", 0, 0, G_OPTION_ARG_FILENAME, &options.corpus,
		 "build all patches below a directory too, with each policy", "DIRECTORY"},
		{"logs", 0, 0, G_OPTION_ARG_FILENAME, &options.logs,
		 "keep the machines' output in a directory", "DIRECTORY"},
		{"timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout,
		 "seconds after which a machine is ended (default: 900)", "SECONDS"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "PATCH",
			     "One patch under each policy for late modules, side by side.",
			     &status))
		return status;
	if (argc != 2 || options.timeout < 0)
		command_wrong(&error, NULL,
			      argc != 2 ? "one patch is wanted" : "a time limit can't be negative");
	else if (compare(&options, argv[1], &error))
		return EXIT_DONE;
	return command_fail(error, options.json);
}
