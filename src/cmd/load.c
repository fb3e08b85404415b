/*
 * klatch load: a livepatch goes into the running kernel.
 */
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/transition.h"
#include "host/check.h"
#include "host/livepatch.h"

int command_load(int argc, char **argv)
{
	AUTO_TRANSITION_OPTIONS options = {.timeout = TRANSITION_SECONDS};
	const GOptionEntry entries[] = {{"now", 0, 0, G_OPTION_ARG_NONE, &options.now,
					 "return once it is enabled, with its transition under way",
					 NULL},
					TRANSITION_ENTRIES(&options),
					TIMEOUT_ENTRIES(&options),
					G_OPTION_ENTRY_NULL};
	AUTO(host_livepatch) loaded = NULL;
	g_autofree char *name = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "LIVEPATCH.ko",
			     "Loads a livepatch into the running kernel.", &status))
		return status;
	if (argc != 2)
		command_wrong(&error, NULL, "one livepatch is wanted");
	else if (host_need_root("a livepatch can't be loaded", &error))
		name = host_livepatch_name(argv[1], &error);
	if (!name || !transition_load(&options, argv[1], name, &error))
		return command_fail(error, options.json);
	loaded = host_livepatch(host_running(), name, NULL);
	transition_print_outcome(&options, name,
				 loaded ? livepatch_state_name(loaded->state) : "gone");
	return EXIT_DONE;
}
