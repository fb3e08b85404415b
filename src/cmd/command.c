/*
 * What all commands share: options, errors as text and as JSON, the seconds by stage.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/stages.h"
#include "cmd/command.h"
#include "elf/object.h"
#include "kernel/modules.h"

#define TEXT_RED   "\033[1;31m"
#define TEXT_PLAIN "\033[0m"

static gboolean use_colour(int descriptor)
{
	const char *no_colour = g_getenv("NO_COLOR");

	return isatty(descriptor) && !(no_colour && *no_colour);
}

void command_print_error(const GError *error)
{
	const struct klatch_reason *reason = klatch_error_reason(error);
	gboolean colour = use_colour(STDERR_FILENO);

	fprintf(stderr, "%sklatch:%s ", colour ? TEXT_RED : "", colour ? TEXT_PLAIN : "");
	if (reason->where)
		fprintf(stderr, "%s: ", reason->where);
	fprintf(stderr, "%s: %s\n", reason->what, reason->why);
	if (reason->hint)
		fprintf(stderr, "        %s\n", reason->hint);
}

static void add_text(JsonObject *object, const char *name, const char *text)
{
	/* A compiler's lines or a path may hold anything; JSON may not. */
	g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

	if (valid)
		json_object_set_string_member(object, name, valid);
}

JsonNode *command_error_json(const GError *error)
{
	const struct klatch_reason *reason = klatch_error_reason(error);
	JsonObject *object = json_object_new();
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);

	add_text(object, "what", reason->what);
	add_text(object, "where", reason->where);
	add_text(object, "why", reason->why);
	add_text(object, "hint", reason->hint);
	json_node_take_object(node, object);
	return node;
}

void command_print_json(JsonBuilder *builder)
{
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	g_autofree char *text = json_to_string(root, FALSE);

	puts(text);
}

void command_wrong(GError **error, const char *where, const char *why)
{
	g_autofree char *hint = g_strdup_printf("see %s --help", g_get_prgname());

	klatch_fail(error, KLATCH_USAGE, "the command line is wrong", where, hint, "%s", why);
}

gboolean command_options(int *argc, char ***argv, const GOptionEntry *entries,
			 const char *arguments, const char *summary, int *status)
{
	g_autofree char *program = g_strdup_printf("klatch %s", (*argv)[0]);
	g_autoptr(GOptionContext) context = g_option_context_new(arguments);
	g_autoptr(GError) error = NULL;
	g_autoptr(GError) cause = NULL;

	g_set_prgname(program); /* GLib's help begins with it */
	g_option_context_set_summary(context, summary);
	g_option_context_add_main_entries(context, entries, NULL);
	if (g_option_context_parse(context, argc, argv, &cause))
		return TRUE;
	command_wrong(&error, NULL, cause->message);
	command_print_error(error);
	*status = EXIT_CANNOT;
	return FALSE;
}

char *command_livepatch_release(const char *path, GError **error)
{
	AUTO(object) object = object_read(path, error);
	g_autofree char *magic = object ? modules_info(object, "vermagic") : NULL;

	if (magic)
		return g_strndup(magic, strcspn(magic, " "));
	if (object)
		klatch_fail(error, KLATCH_INPUT, "this is no livepatch", path, NULL,
			    "it has no version magic");
	return NULL;
}

static double total_seconds(const GArray *stages)
{
	double total = 0;

	for (guint i = 0; i < stages->len; i++)
		total += g_array_index(stages, struct timed_stage, i).seconds;
	return total;
}

void command_stages_print(const GArray *stages)
{
	for (guint i = 0; i < stages->len; i++) {
		const struct timed_stage *stage = &g_array_index(stages, struct timed_stage, i);

		printf("  %-16s %7.1f s\n", stage->name, stage->seconds);
	}
	printf("  %-16s %7.1f s\n", "total", total_seconds(stages));
}

void command_add_string(JsonBuilder *builder, const char *member, const char *value)
{
	g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

	json_builder_set_member_name(builder, member);
	json_builder_add_string_value(builder, valid);
}

void command_add_strings(JsonBuilder *builder, const char *member, const GPtrArray *strings)
{
	json_builder_set_member_name(builder, member);
	json_builder_begin_array(builder);
	for (guint i = 0; i < strings->len; i++) {
		g_autofree char *valid = g_utf8_make_valid(g_ptr_array_index(strings, i), -1);

		json_builder_add_string_value(builder, valid);
	}
	json_builder_end_array(builder);
}

void command_add_errors(JsonBuilder *builder, const char *member, const GPtrArray *errors)
{
	json_builder_set_member_name(builder, member);
	json_builder_begin_array(builder);
	for (guint i = 0; i < errors->len; i++)
		json_builder_add_value(builder, command_error_json(g_ptr_array_index(errors, i)));
	json_builder_end_array(builder);
}

static void add_seconds(JsonBuilder *builder, const char *member, double seconds)
{
	json_builder_set_member_name(builder, member);
	json_builder_add_double_value(builder, seconds);
}

void command_stages_json(const GArray *stages, JsonBuilder *builder)
{
	json_builder_set_member_name(builder, "seconds");
	json_builder_begin_object(builder);
	for (guint i = 0; i < stages->len; i++) {
		const struct timed_stage *stage = &g_array_index(stages, struct timed_stage, i);

		add_seconds(builder, stage->name, stage->seconds);
	}
	add_seconds(builder, "total", total_seconds(stages));
	json_builder_end_object(builder);
}

int command_fail(const GError *error, gboolean json)
{
	command_print_error(error);
	if (json) {
		g_autoptr(JsonBuilder) builder = json_builder_new();

		json_builder_begin_object(builder);
		command_add_string(builder, "status", "error");
		json_builder_set_member_name(builder, "error");
		json_builder_add_value(builder, command_error_json(error));
		json_builder_end_object(builder);
		command_print_json(builder);
	}
	return klatch_error_exit_code(error);
}
