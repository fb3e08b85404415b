/*
 * klatch census: how often, where, and what is new.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "census/census.h"
#include "cmd/census_patches.h"
#include "cmd/command.h"

struct options {
	char **kernels;
	char *objects;
	char *html;
	char *patches;
	gboolean json;
};

static const struct census *census_at(const GPtrArray *censuses, guint index)
{
	return g_ptr_array_index(censuses, index);
}

/* Scopes, in the order in which they are shown. */
static const struct census_group *scope_of(const struct census *census, guint scope)
{
	const struct census_group *scopes[] = {&census->all, &census->vmlinux, &census->modules};

	return scopes[scope];
}
#define SCOPES 3

static gboolean is_anywhere(const GPtrArray *censuses, guint scope, enum census_mark mark)
{
	for (guint i = 0; i < censuses->len; i++) {
		const struct census_count *count =
			&scope_of(census_at(censuses, i), scope)->of[mark];

		if (count->entries || count->functions)
			return TRUE;
	}
	return FALSE;
}

static void print_trends(const GPtrArray *censuses, guint scope, enum census_mark mark)
{
	for (guint i = 1; i < censuses->len; i++) {
		const struct census *before = census_at(censuses, i - 1),
				    *after = census_at(censuses, i);
		const char *trend =
			census_trend(scope_of(before, scope), scope_of(after, scope), mark);

		if (trend)
			printf("  %s in %.*s", trend, (int)strcspn(after->release, "-+"),
			       after->release);
	}
}

static void print_mark(const GPtrArray *censuses, guint scope, enum census_mark mark)
{
	const struct census_meaning *meaning = census_meaning(mark);

	printf("  %s%-*s", meaning->detail ? "  " : "", meaning->detail ? 42 : 44, meaning->text);
	for (guint i = 0; i < censuses->len; i++) {
		const struct census_group *group = scope_of(census_at(censuses, i), scope);
		const struct census_count *count = &group->of[mark];

		if (meaning->entries_only)
			printf(" %8s", "-");
		else
			printf(" %6.2f %%", 100 * census_share(group, mark));
		printf(" %8" G_GUINT64_FORMAT " %6" G_GUINT64_FORMAT, count->entries,
		       count->objects);
	}
	print_trends(censuses, scope, mark);
	putchar('\n');
}

static void print_head(const GPtrArray *censuses, guint scope)
{
	printf("%-46s", scope_of(census_at(censuses, 0), scope)->name);
	for (guint i = 0; i < censuses->len; i++)
		printf(" %24s", census_at(censuses, i)->release);
	printf("\n%-46s", "");
	for (guint i = 0; i < censuses->len; i++)
		printf(" %8s %8s %6s", "of func.", "entries", "objects");
	printf("\n  %-44s", "functions");
	for (guint i = 0; i < censuses->len; i++) {
		const struct census_group *group = scope_of(census_at(censuses, i), scope);

		printf(" %17" G_GUINT64_FORMAT " %6" G_GUINT64_FORMAT, group->functions,
		       group->objects);
	}
	putchar('\n');
}

static void print_unknown(const struct census *census)
{
	for (guint i = 0; i < census->unknown->len; i++) {
		const struct census_unknown *unknown = g_ptr_array_index(census->unknown, i);

		printf("unknown section %s in %s: %" G_GUINT64_FORMAT " objects, first %s\n",
		       unknown->section, census->release, unknown->objects, unknown->first);
	}
}

static void print_keys(const struct census *census)
{
	guint64 all = 0, in_header = census_keys_in_headers(census, &all);

	if (census->keys_traced && all)
		printf("jump labels of real keys in %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
		       " of keys that a header asks\n",
		       census->release, in_header, all);
}

static void print_text(const GPtrArray *censuses)
{
	for (guint scope = 0; scope < SCOPES; scope++) {
		if (!scope_of(census_at(censuses, 0), scope)->objects)
			continue;
		print_head(censuses, scope);
		for (guint mark = 0; mark < CENSUS_MARKS; mark++)
			if (is_anywhere(censuses, scope, mark))
				print_mark(censuses, scope, mark);
		putchar('\n');
	}
	for (guint i = 0; i < censuses->len; i++)
		print_keys(census_at(censuses, i));
	for (guint i = 0; i < censuses->len; i++)
		print_unknown(census_at(censuses, i));
}

static void add_number(JsonBuilder *builder, const char *member, guint64 value)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_int_value(builder, (gint64)value);
}

static void add_group(JsonBuilder *builder, const struct census_group *group)
{
	json_builder_begin_object(builder);
	command_add_string(builder, "name", group->name);
	add_number(builder, "objects", group->objects);
	add_number(builder, "functions", group->functions);
	add_number(builder, "late_references", group->references);
	add_number(builder, "shared_names", group->shared_names);
	for (guint mark = 0; mark < CENSUS_MARKS; mark++) {
		const struct census_count *count = &group->of[mark];

		json_builder_set_member_name(builder, census_meaning(mark)->key);
		json_builder_begin_object(builder);
		add_number(builder, "objects", count->objects);
		add_number(builder, "entries", count->entries);
		add_number(builder, "functions", count->functions);
		json_builder_end_object(builder);
	}
	json_builder_end_object(builder);
}

static void add_groups(JsonBuilder *builder, const char *member, const GPtrArray *groups)
{
	json_builder_set_member_name(builder, member);
	json_builder_begin_array(builder);
	for (guint i = 0; i < groups->len; i++)
		add_group(builder, g_ptr_array_index(groups, i));
	json_builder_end_array(builder);
}

static void add_unknown(JsonBuilder *builder, const struct census *census)
{
	json_builder_set_member_name(builder, "unknown_sections");
	json_builder_begin_array(builder);
	for (guint i = 0; i < census->unknown->len; i++) {
		const struct census_unknown *unknown = g_ptr_array_index(census->unknown, i);

		json_builder_begin_object(builder);
		command_add_string(builder, "section", unknown->section);
		add_number(builder, "objects", unknown->objects);
		command_add_string(builder, "first", unknown->first);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void add_keys(JsonBuilder *builder, const struct census *census)
{
	json_builder_set_member_name(builder, "keys");
	json_builder_begin_array(builder);
	for (guint i = 0; i < census->keys->len; i++) {
		const struct census_key *key = g_ptr_array_index(census->keys, i);

		json_builder_begin_object(builder);
		command_add_string(builder, "name", key->name);
		add_number(builder, "entries", key->entries);
		if (census->keys_traced) {
			json_builder_set_member_name(builder, "in_header");
			json_builder_add_boolean_value(builder, key->in_header);
		}
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void add_census(JsonBuilder *builder, const struct census *census)
{
	json_builder_begin_object(builder);
	command_add_string(builder, "release", census->release);
	command_add_string(builder, "version", census->version);
	for (guint scope = 0; scope < SCOPES; scope++) {
		json_builder_set_member_name(builder, scope_of(census, scope)->name);
		add_group(builder, scope_of(census, scope));
	}
	add_groups(builder, "subsystems", census->subsystems);
	add_groups(builder, "sizes", census->sizes);
	add_unknown(builder, census);
	add_keys(builder, census);
	json_builder_end_object(builder);
}

static void print_json(const GPtrArray *censuses)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	json_builder_set_member_name(builder, "kernels");
	json_builder_begin_array(builder);
	for (guint i = 0; i < censuses->len; i++)
		add_census(builder, census_at(censuses, i));
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

/* What the source tree can tell, where it is there. */
static gboolean trace_keys(const struct kernel *kernel, struct census *census, GError **error)
{
	return !g_file_test(kernel->source, G_FILE_TEST_IS_DIR) ||
	       census_trace_keys(census, kernel->source, error);
}

static GPtrArray *take_all(const struct options *options, struct progress *progress, GError **error)
{
	static const char *const running[] = {NULL, NULL};
	const struct census_wish wish = {.objects = options->objects};
	g_autoptr(GPtrArray) censuses = g_ptr_array_new_with_free_func((GDestroyNotify)census_free);
	guint count = options->kernels ? g_strv_length(options->kernels) : 1;

	for (guint i = 0; i < count; i++) {
		const char *release = options->kernels ? options->kernels[i] : running[0];
		AUTO(kernel) kernel = kernel_open_image(release, error);
		struct census *census = kernel ? census_take(kernel, &wish, progress, error) : NULL;

		if (!census)
			return NULL;
		g_ptr_array_add(censuses, census);
		if (!trace_keys(kernel, census, error))
			return NULL;
	}
	return g_steal_pointer(&censuses);
}

static gboolean write_page(const char *path, const GPtrArray *censuses, GError **error)
{
	g_autofree char *page = census_html(censuses);

	return files_write(path, page, strlen(page), error);
}

static gboolean run(const struct options *options, GError **error)
{
	struct progress *progress = progress_bar_new();
	g_autoptr(GPtrArray) censuses = take_all(options, progress, error);

	progress_bar_end(progress);
	if (!censuses || (options->html && !write_page(options->html, censuses, error)))
		return FALSE;
	if (options->json)
		print_json(censuses);
	else
		print_text(censuses);
	return TRUE;
}

int command_census(int argc, char **argv)
{
	struct options options = {0};
	g_autoptr(GError) error = NULL;
	int status = EXIT_DONE;
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING_ARRAY, &options.kernels,
		 "a release; several are compared (default: the running one)", "RELEASE"},
		{"objects", 0, 0, G_OPTION_ARG_STRING, &options.objects,
		 "only objects whose names fit a pattern", "GLOB"},
		{"html", 0, 0, G_OPTION_ARG_FILENAME, &options.html, "write a page with plots",
		 "FILE"},
		{"patches", 0, 0, G_OPTION_ARG_FILENAME, &options.patches,
		 "only the functions that the patches in a directory change", "DIR"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};

	if (command_options(&argc, &argv, entries, "",
			    "Counts what a livepatch must take care of in stock kernels.",
			    &status)) {
		if (argc != 1 || (options.patches && (options.html || options.objects)))
			command_wrong(&error, NULL,
				      "census takes options only, --patches but -k and --json");
		if (error || !(options.patches ? census_patches(options.patches, options.kernels,
								options.json, &error)
					       : run(&options, &error)))
			status = command_fail(error, options.json);
	}
	g_strfreev(options.kernels);
	g_free(options.objects);
	g_free(options.html);
	g_free(options.patches);
	return status;
}
