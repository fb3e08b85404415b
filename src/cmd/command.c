/*
 * What all commands share: options, errors as text and as JSON, and the seconds by stage.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "cmd/command.h"

#define TEXT_RED   "\033[1;31m"
#define TEXT_PLAIN "\033[0m"

struct stage {
	const char *name;
	double seconds;
};

struct command_stages {
	GArray *finished; /* of struct stage */
	const char *current;
	gint64 began; /* the current stage, monotonic microseconds */
};

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
	if (text)
		json_object_set_string_member(object, name, text);
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

gboolean command_options(int *argc, char ***argv, const GOptionEntry *entries,
			 const char *arguments, const char *summary, int *status)
{
	g_autofree char *program = g_strdup_printf("klatch %s", (*argv)[0]);
	g_autofree char *hint = g_strdup_printf("see %s --help", program);
	g_autoptr(GOptionContext) context = g_option_context_new(arguments);
	g_autoptr(GError) error = NULL;
	GError *cause = NULL;

	g_set_prgname(program); /* GLib's help begins with it */
	g_option_context_set_summary(context, summary);
	g_option_context_add_main_entries(context, entries, NULL);
	if (g_option_context_parse(context, argc, argv, &cause))
		return TRUE;
	klatch_adopt(&error, KLATCH_USAGE, "the command line is wrong", NULL, hint, cause);
	command_print_error(error);
	*status = EXIT_CANNOT;
	return FALSE;
}

struct command_stages *command_stages_new(void)
{
	struct command_stages *stages = g_new0(struct command_stages, 1);

	stages->finished = g_array_new(FALSE, FALSE, sizeof(struct stage));
	return stages;
}

void command_stages_free(struct command_stages *stages)
{
	g_array_unref(stages->finished);
	g_free(stages);
}

void command_stage(struct command_stages *stages, const char *name)
{
	gint64 now = g_get_monotonic_time();

	if (stages->current) {
		struct stage stage = {stages->current, (double)(now - stages->began) / 1e6};
		g_array_append_val(stages->finished, stage);
	}
	stages->current = name;
	stages->began = now;
}

void command_stages_print(struct command_stages *stages)
{
	double total = 0;

	command_stage(stages, NULL);
	for (guint i = 0; i < stages->finished->len; i++) {
		const struct stage *stage = &g_array_index(stages->finished, struct stage, i);
		total += stage->seconds;
		printf("  %-32s %7.1f s\n", stage->name, stage->seconds);
	}
	printf("  %-32s %7.1f s\n", "total", total);
}

void command_stages_json(struct command_stages *stages, JsonBuilder *builder)
{
	double total = 0;

	command_stage(stages, NULL);
	json_builder_set_member_name(builder, "seconds");
	json_builder_begin_object(builder);
	for (guint i = 0; i < stages->finished->len; i++) {
		const struct stage *stage = &g_array_index(stages->finished, struct stage, i);
		total += stage->seconds;
		json_builder_set_member_name(builder, stage->name);
		json_builder_add_double_value(builder, stage->seconds);
	}
	json_builder_set_member_name(builder, "total");
	json_builder_add_double_value(builder, total);
	json_builder_end_object(builder);
}
