/*
 * klatch diff: what changed between two objects, and why.
 */
#include <stdio.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/stages.h"
#include "cmd/command.h"
#include "diff/diff.h"

enum verdict { CHANGED, REFUSED, UNCHANGED };

static const struct {
	const char *name;
	int status;
} verdicts[] = {
	[CHANGED] = {"changed", EXIT_DONE},
	[REFUSED] = {"refused", EXIT_REFUSED},
	[UNCHANGED] = {"unchanged", EXIT_UNCHANGED},
};

static const char *const change_names[] = {
	[DIFF_CHANGED] = "changed",
	[DIFF_NEW] = "new",
};

static enum verdict verdict_of(const struct diff *diff)
{
	if (diff->refusals->len)
		return REFUSED;
	return diff_is_empty(diff) ? UNCHANGED : CHANGED;
}

static void add_functions(JsonBuilder *builder, const struct diff *diff)
{
	json_builder_set_member_name(builder, "functions");
	json_builder_begin_array(builder);
	for (guint i = 0; i < diff->functions->len; i++) {
		const struct diff_function *function = g_ptr_array_index(diff->functions, i);

		json_builder_begin_object(builder);
		command_add_string(builder, "name", function->patched->name);
		command_add_string(builder, "change", change_names[function->change]);
		command_add_string(builder, "why", function->why);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void print_json(const struct diff *diff, const GArray *stages)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", verdicts[verdict_of(diff)].name);
	add_functions(builder, diff);
	command_add_errors(builder, "refusals", diff->refusals);
	command_add_strings(builder, "notes", diff->notes);
	command_stages_json(stages, builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

static void print_text(const struct diff *diff)
{
	for (guint i = 0; i < diff->notes->len; i++)
		printf("note: %s\n", (char *)g_ptr_array_index(diff->notes, i));
	for (guint i = 0; i < diff->functions->len; i++) {
		const struct diff_function *function = g_ptr_array_index(diff->functions, i);

		printf("%-40s %-8s %s\n", function->patched->name, change_names[function->change],
		       function->why);
	}
	for (guint i = 0; i < diff->refusals->len; i++)
		command_print_error(g_ptr_array_index(diff->refusals, i));
	if (diff_is_empty(diff))
		puts("nothing changes");
}

/* 6001 for "6.1.0-56-amd64"; of the running kernel if release is NULL; 0 if it is no release. */
static guint series_of(const char *release)
{
	struct utsname running;
	guint major, minor;

	if (!release && !uname(&running))
		release = running.release;
	return release && sscanf(release, "%u.%u", &major, &minor) == 2 ? major * 1000 + minor : 0;
}

static gboolean has_types(const struct object *object)
{
	return object_section(object, ".debug_info") != NULL;
}

static int compare(char **paths, guint series, gboolean json, GError **error)
{
	g_autoptr(GArray) stages = timed_stages_new();
	gint64 began = g_get_monotonic_time();
	AUTO(object) original = object_read(paths[0], error);
	AUTO(object) patched = original ? object_read(paths[1], error) : NULL;

	if (!patched)
		return EXIT_CANNOT;
	timed_stages_add(stages, "read", began);
	began = g_get_monotonic_time();
	AUTO(diff)
	diff = diff_objects(original, patched, series, has_types(original) && has_types(patched),
			    NULL, error);
	timed_stages_add(stages, "diff", began);
	if (!diff)
		return EXIT_CANNOT;
	if (json)
		print_json(diff, stages);
	else
		print_text(diff);
	return verdicts[verdict_of(diff)].status;
}

int command_diff(int argc, char **argv)
{
	g_autofree char *release = NULL;
	gboolean json = FALSE;
	g_autoptr(GError) error = NULL;
	int status;
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &release,
		 "the release that the objects are of (default: the running kernel's)", "RELEASE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};

	if (!command_options(&argc, &argv, entries, "ORIGINAL.o PATCHED.o",
			     "Says what changed between two objects of one unit, and why.",
			     &status))
		return status;
	if (argc != 3)
		klatch_fail(&error, KLATCH_USAGE, "there is nothing to compare", NULL,
			    "see klatch diff --help", "two objects are needed");
	else if (!series_of(release))
		klatch_fail(&error, KLATCH_USAGE, "the kernel's series is not known", NULL,
			    "give it as in -k 6.1.0-56-amd64", "%s is no release", release);
	else
		status = compare(argv + 1, series_of(release), json, &error);
	return error ? command_fail(error, json) : status;
}
