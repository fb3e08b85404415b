/*
 * klatch package: livepatches for one kernel to a package that a repository can carry.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/workspace.h"
#include "cmd/command.h"
#include "package/package.h"

struct options {
	char *output, *name, *version, *maintainer;
	int phased;
	gboolean deb, json;
};

static void options_clear(struct options *options)
{
	g_free(options->output);
	g_free(options->name);
	g_free(options->version);
	g_free(options->maintainer);
}

/* As Debian's own tools have it.  Caller frees. */
static char *maintainer(void)
{
	const char *name = g_getenv("DEBFULLNAME"), *address = g_getenv("DEBEMAIL");
	g_autofree char *local = g_strdup_printf("%s@%s", g_get_user_name(), g_get_host_name());

	if (!name || !*name)
		name = g_get_real_name();
	return g_strdup_printf("%s <%s>", name, address && *address ? address : local);
}

/* The time that stands for that of the build, for who wants the same bytes again; -1: not given. */
static gboolean source_date(gint64 *date, GError **error)
{
	const char *text = g_getenv("SOURCE_DATE_EPOCH");
	guint64 seconds;

	*date = -1;
	if (!text || !*text)
		return TRUE;
	if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &seconds, NULL)) {
		command_wrong(error, text, "SOURCE_DATE_EPOCH is no number of seconds");
		return FALSE;
	}
	*date = (gint64)seconds;
	return TRUE;
}

static char *output_path(const struct options *options, const struct package *package)
{
	g_autofree char *name = package_file_name(package);

	if (options->output && !g_file_test(options->output, G_FILE_TEST_IS_DIR))
		return g_strdup(options->output);
	return options->output ? g_build_filename(options->output, name, NULL)
			       : g_steal_pointer(&name);
}

static void print_json(const struct package *package, const char *path)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", "packaged");
	command_add_string(builder, "package", path);
	package_json(package, builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

static gboolean run(const struct options *options, char **files, GError **error)
{
	g_autofree char *default_maintainer = maintainer();
	struct package_wish wish = {
		.files = (const char *const *)files,
		.name = options->name,
		.version = options->version,
		.maintainer = options->maintainer ? options->maintainer : default_maintainer,
		.phased = options->phased,
	};
	AUTO(workspace) workspace = workspace_new(error);

	if (!workspace || !source_date(&wish.date, error))
		return FALSE;
	AUTO(package) package = package_new(&wish, error);
	if (!package)
		return FALSE;
	g_autofree char *path = output_path(options, package);
	if (!package_write(package, workspace->path, path, error))
		return FALSE;
	if (options->json)
		print_json(package, path);
	else
		printf("%s: %s %s, for %s\n", path, package->name, package->version,
		       package->release);
	return TRUE;
}

int command_package(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {.phased = -1};
	const GOptionEntry entries[] = {
		{"deb", 0, 0, G_OPTION_ARG_NONE, &options.deb, "a Debian package (default)", NULL},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
		 "the file, or its directory (default: the current one)", "FILE"},
		{"name", 0, 0, G_OPTION_ARG_STRING, &options.name,
		 "call it klatch-livepatch-RELEASE-NAME", "NAME"},
		{"version", 0, 0, G_OPTION_ARG_STRING, &options.version,
		 "its version (default: by the date of the newest livepatch)", "VERSION"},
		{"maintainer", 0, 0, G_OPTION_ARG_STRING, &options.maintainer,
		 "who answers for it (default: $DEBFULLNAME <$DEBEMAIL>)", "TEXT"},
		{"phased", 0, 0, G_OPTION_ARG_INT, &options.phased,
		 "apt upgrades this share of machines to it", "PERCENT"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "LIVEPATCH.ko...",
			     "Makes a Debian package of livepatches for one kernel.", &status))
		return status;
	if (argc < 2)
		command_wrong(&error, NULL, "no livepatch was given");
	else if (options.phased < -1 || options.phased > 100)
		command_wrong(&error, NULL, "--phased is from 0 to 100");
	else if (run(&options, argv + 1, &error))
		return EXIT_DONE;
	return command_fail(error, options.json);
}
