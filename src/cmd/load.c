/*
 * klatch load: a livepatch goes into the running kernel.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/transition.h"
#include "host/check.h"
#include "host/livepatch.h"

struct options {
	struct transition_options transition;
	gboolean now;
};

static void print_loaded(const struct options *options, const char *name)
{
	AUTO(host_livepatch) livepatch = host_livepatch(host_running(), name, NULL);
	const char *state = livepatch ? livepatch_state_name(livepatch->state) : "gone";
	g_autoptr(JsonBuilder) builder = json_builder_new();

	if (!options->transition.json) {
		printf("%s: %s\n", name, state);
		return;
	}
	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	command_add_string(builder, "livepatch", name);
	command_add_string(builder, "outcome", state);
	json_builder_end_object(builder);
	command_print_json(builder);
}

static void options_clear(struct options *options)
{
	g_free(options->transition.confirm);
}

int command_load(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {
		.transition.timeout = TRANSITION_SECONDS};
	const GOptionEntry entries[] = {{"now", 0, 0, G_OPTION_ARG_NONE, &options.now,
					 "return once it is enabled, with its transition under way",
					 NULL},
					TRANSITION_ENTRIES(&options.transition),
					TIMEOUT_ENTRIES(&options.transition),
					G_OPTION_ENTRY_NULL};
	g_autofree char *name = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "LIVEPATCH.ko",
			     "Loads a livepatch into the running kernel.", &status))
		return status;
	if (argc != 2)
		klatch_fail(&error, KLATCH_USAGE, "the command line is wrong", NULL,
			    "see klatch load --help", "one livepatch is wanted");
	else if (host_need_root("a livepatch can't be loaded", &error))
		name = host_livepatch_name(argv[1], &error);
	if (!name || !transition_load(&options.transition, argv[1], name, options.now, &error))
		return command_fail(error, options.transition.json);
	print_loaded(&options, name);
	return EXIT_DONE;
}
