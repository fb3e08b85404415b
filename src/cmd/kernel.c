/*
 * klatch kernel: add, list and rm.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/kernel_add.h"

struct options {
	char *packages;
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
	command_add_string(builder, "release", kernel->release);
	command_add_string(builder, "version", kernel->version);
	command_add_string(builder, "flavour", kernel->flavour);
	command_add_string(builder, "compiler", kernel->compiler_text);
	command_add_string(builder, "directory", kernel->directory);
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
		printf("%s (%s) was prepared already\n", kernel->release, kernel->version);
		return;
	}
	command_stages_print(result->stages);
	printf("\n%s (%s) is prepared in %s\nnext: klatch build -k %s PATCH...\n", kernel->release,
	       kernel->version, kernel->directory, kernel->release);
}

static gboolean add(const char *release, const struct options *options, GError **error)
{
	g_autofree char *running = release ? NULL : kernel_running();
	struct progress *progress;

	if (!release)
		release = running;
	if (!options->json)
		printf("preparing %s\n", release);
	fflush(stdout);
	progress = progress_bar_new();
	AUTO(kernel_add_result)
	result = kernel_add(release, options->packages, progress, error);
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
		AUTO(kernel) kernel = kernel_open(g_ptr_array_index(releases, i), NULL);

		if (!kernel) /* removed meanwhile */
			continue;
		json_builder_begin_object(builder);
		add_members(builder, kernel);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	print_object(builder);
}

static void list_text(const GPtrArray *releases)
{
	if (!releases->len)
		puts("no kernel is prepared; klatch kernel add prepares one");
	for (guint i = 0; i < releases->len; i++) {
		AUTO(kernel) kernel = kernel_open(g_ptr_array_index(releases, i), NULL);

		if (kernel)
			printf("%-32s %-20s %s\n", kernel->release, kernel->version,
			       kernel->compiler_text);
	}
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
	if (options->packages && verb->run != add)
		return wrong(error, verb->name, "takes no packages");
	return verb->run(arguments ? argv[2] : NULL, options, error);
}

int command_kernel(int argc, char **argv)
{
	struct options options = {0};
	const GOptionEntry entries[] = {
		{"packages", 0, 0, G_OPTION_ARG_FILENAME, &options.packages,
		 "add: take the packages from a directory instead of the archive", "DIR"},
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
	return status;
}
