/*
 * klatch kernel: add, list and rm.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "prepare/add.h"
#include "prepare/derive.h"

struct options {
	char *packages;
	char *suite;
	gboolean image_only;
	char *modules;
	char *name;
	gboolean json;
};

static JsonBuilder *begin_object(void)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	return builder;
}

static void print_object(JsonBuilder *builder)
{
	json_builder_end_object(builder);
	command_print_json(builder);
	g_object_unref(builder);
}

static void add_members(JsonBuilder *builder, const struct kernel *kernel)
{
	command_add_string(builder, "name", kernel->name);
	command_add_string(builder, "release", kernel->release);
	command_add_string(builder, "version", kernel->version);
	command_add_string(builder, "flavour", kernel->flavour);
	command_add_string(builder, "compiler", kernel->compiler_text);
	command_add_string(builder, "directory", kernel->directory);
	json_builder_set_member_name(builder, "image_only");
	json_builder_add_boolean_value(builder, kernel->image_only);
}

static void print_added(const struct kernel_add_result *result, gboolean json)
{
	const struct kernel *kernel = result->kernel;
	gboolean present = !result->stages->len;

	if (json) {
		JsonBuilder *builder = begin_object();

		command_add_string(builder, "status", present ? "present" : "prepared");
		add_members(builder, kernel);
		command_stages_json(result->stages, builder);
		print_object(builder);
		return;
	}
	if (present) {
		printf("%s (%s) was prepared already\n", kernel->name, kernel->version);
		return;
	}
	command_stages_print(result->stages);
	printf("\n%s (%s) is %s in %s\nnext: klatch %s -k %s%s\n", kernel->name, kernel->version,
	       kernel->image_only ? "unpacked" : "prepared", kernel->directory,
	       kernel->image_only ? "census" : "build", kernel->name,
	       kernel->image_only ? "" : " PATCH...");
}

static gboolean add(const char *release, const struct options *options, GError **error)
{
	g_autofree char *running = release ? NULL : kernel_running();
	const struct packages_wish wish = {
		.release = release ? release : running,
		.directory = options->packages,
		.suite = options->suite,
		.image_only = options->image_only,
	};
	struct progress *progress;

	if (!options->json)
		printf("preparing %s\n", wish.release);
	fflush(stdout);
	progress = progress_bar_new();
	AUTO(kernel_add_result)
	result = kernel_add(&wish, progress, error);
	if (result && options->modules) {
		kernel_add_result_free(result);
		result = kernel_derive(release, options->modules, options->name, progress, error);
	}
	progress_bar_end(progress);
	if (result)
		print_added(result, options->json);
	return result != NULL;
}

static void list_json(const GPtrArray *releases)
{
	JsonBuilder *builder = begin_object();

	json_builder_set_member_name(builder, "kernels");
	json_builder_begin_array(builder);
	for (guint i = 0; i < releases->len; i++) {
		AUTO(kernel) kernel = kernel_open_image(g_ptr_array_index(releases, i), NULL);

		if (!kernel) /* removed meanwhile */
			continue;
		json_builder_begin_object(builder);
		add_members(builder, kernel);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	print_object(builder);
}

/* The prepared ones, or those of which only the image is there. */
static void list_some(const GPtrArray *releases, gboolean image_only)
{
	for (guint i = 0; i < releases->len; i++) {
		AUTO(kernel) kernel = kernel_open_image(g_ptr_array_index(releases, i), NULL);

		if (kernel && kernel->image_only == image_only)
			printf("%s%-32s %-20s %s\n", image_only ? "image only: " : "", kernel->name,
			       kernel->version, kernel->compiler_text);
	}
}

static void list_text(const GPtrArray *releases)
{
	if (!releases->len)
		puts("no kernel is prepared; klatch kernel add prepares one");
	list_some(releases, FALSE);
	list_some(releases, TRUE);
}

static gboolean list(const char *release, const struct options *options, GError **error)
{
	g_autoptr(GPtrArray) releases = kernel_list(error);

	if (!releases)
		return FALSE;
	if (options->json)
		list_json(releases);
	else
		list_text(releases);
	return TRUE;
}

static gboolean rm(const char *release, const struct options *options, GError **error)
{
	if (!kernel_remove(release, error))
		return FALSE;
	if (options->json) {
		JsonBuilder *builder = begin_object();

		command_add_string(builder, "status", "removed");
		command_add_string(builder, "release", release);
		print_object(builder);
	} else {
		printf("%s was removed; its packages are kept\n", release);
	}
	return TRUE;
}

static const struct verb {
	const char *name;
	gboolean (*run)(const char *release, const struct options *options, GError **error);
	int fewest; /* arguments */
	int most;
	const char *takes; /* the same in words */
} verbs[] = {
	{"add", add, 0, 1, "takes at most one release"},
	{"list", list, 0, 0, "takes no release"},
	{"rm", rm, 1, 1, "takes one release"},
};

static gboolean wrong(GError **error, const char *name, const char *why)
{
	klatch_fail(error, KLATCH_USAGE, "the command line is wrong", NULL,
		    "see klatch kernel --help", "%s %s", name, why);
	return FALSE;
}

static const struct verb *find_verb(const char *name)
{
	for (gsize i = 0; name && i < G_N_ELEMENTS(verbs); i++)
		if (!strcmp(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

static gboolean run(int argc, char **argv, const struct options *options, GError **error)
{
	const struct verb *verb = find_verb(argc > 1 ? argv[1] : NULL);
	int arguments = argc - 2;

	if (!verb)
		return wrong(error, "kernel", "takes add, list or rm");
	if (arguments < verb->fewest || arguments > verb->most)
		return wrong(error, verb->name, verb->takes);
	if ((options->packages || options->suite || options->image_only || options->modules) &&
	    verb->run != add)
		return wrong(error, verb->name, "takes no packages or modules");
	if (options->packages && options->suite)
		return wrong(error, verb->name, "takes packages or a suite, not both");
	if (options->modules && options->image_only)
		return wrong(error, verb->name, "takes modules or the image only, not both");
	if (options->name && !options->modules)
		return wrong(error, verb->name, "--name is the name of --modules");
	return verb->run(arguments ? argv[2] : NULL, options, error);
}

int command_kernel(int argc, char **argv)
{
	struct options options = {0};
	const GOptionEntry entries[] = {
		{"packages", 0, 0, G_OPTION_ARG_FILENAME, &options.packages,
		 "add: take the packages from a directory instead of the archive", "DIR"},
		{"suite", 0, 0, G_OPTION_ARG_STRING, &options.suite,
		 "add: fetch them from another suite of the archive", "SUITE"},
		{"image-only", 0, 0, G_OPTION_ARG_NONE, &options.image_only,
		 "add: only image and modules, for klatch census", NULL},
		{"modules", 0, 0, G_OPTION_ARG_FILENAME, &options.modules,
		 "add: derive a kernel with the external modules of a directory", "DIR"},
		{"name", 0, 0, G_OPTION_ARG_STRING, &options.name,
		 "add: what --modules adds to the release (default: the directory's name)", "NAME"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status = EXIT_DONE;

	if (command_options(&argc, &argv, entries, "add [RELEASE] | list | rm RELEASE",
			    "Fetches and prepares stock kernels (default: the running one).",
			    &status) &&
	    !run(argc, argv, &options, &error))
		status = command_fail(error, options.json);
	g_free(options.packages);
	g_free(options.suite);
	g_free(options.modules);
	g_free(options.name);
	return status;
}
