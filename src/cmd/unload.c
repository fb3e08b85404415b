/*
 * klatch unload and klatch revert: a livepatch goes, or the transition that is under way is turned
 * round.
 */
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/transition.h"
#include "host/change.h"
#include "host/livepatch.h"
#include "link/kept.h"

/* From whatever state it is in, as a klatch that was killed may have left it. */
static char *unload(const struct transition_options *options, const char *name, GError **error)
{
	const struct host *host = host_running();
	AUTO(host_livepatch) livepatch = host_livepatch(host, name, error);

	if (!livepatch)
		return NULL;
	if (livepatch_is_left(livepatch))
		return kept_describe("disabled already, its module", livepatch->kept);
	if ((livepatch->state == LIVEPATCH_ENABLED || livepatch->state == LIVEPATCH_PATCHING) &&
	    !host_enable(host, name, FALSE, error))
		return NULL;
	return transition_finish(options, name, FALSE, error)
		       ? transition_remove(livepatch, "unloaded", error)
		       : NULL;
}

int command_unload(int argc, char **argv)
{
	AUTO_TRANSITION_OPTIONS options = {.timeout = TRANSITION_SECONDS};
	const GOptionEntry entries[] = {TRANSITION_ENTRIES(&options), TIMEOUT_ENTRIES(&options),
					G_OPTION_ENTRY_NULL};
	g_autofree char *outcome = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "NAME", "Disables a livepatch and removes it.",
			     &status))
		return status;
	if (argc != 2)
		command_wrong(&error, NULL, "one livepatch is wanted");
	else if (host_need_root("a livepatch can't be unloaded", &error) &&
		 transition_check(&options, argv[1], &error))
		outcome = unload(&options, argv[1], &error);
	if (!outcome)
		return command_fail(error, options.json);
	transition_print_outcome(&options, argv[1], outcome);
	return EXIT_DONE;
}

/* Returns what became of the livepatch, which is where it came from; and its name. */
static char *revert(const struct transition_options *options, char **name, GError **error)
{
	const struct host *host = host_running();
	g_autoptr(GPtrArray) livepatches = host_livepatches(host, error);
	const struct host_livepatch *moving = livepatches ? host_in_transition(livepatches) : NULL;

	if (livepatches && !moving)
		klatch_fail(error, KLATCH_REFUSED, "there is nothing to revert", NULL,
			    "klatch unload NAME removes a livepatch that is enabled",
			    "no livepatch is in transition");
	if (!moving || !transition_check(options, moving->name, error) ||
	    !host_enable(host, moving->name, moving->state == LIVEPATCH_UNPATCHING, error) ||
	    !transition_finish(options, moving->name, moving->state == LIVEPATCH_UNPATCHING, error))
		return NULL;
	*name = g_strdup(moving->name);
	return moving->state == LIVEPATCH_PATCHING
		       ? transition_remove(moving, "disabled again and removed", error)
		       : g_strdup("enabled again");
}

int command_revert(int argc, char **argv)
{
	AUTO_TRANSITION_OPTIONS options = {
		.timeout = TRANSITION_SECONDS,
		.keep = TRUE, /* turned round twice it would be where it is now */
	};
	const GOptionEntry entries[] = {TRANSITION_ENTRIES(&options), G_OPTION_ENTRY_NULL};
	g_autofree char *name = NULL, *outcome = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "",
			     "Turns round the transition that is under way.", &status))
		return status;
	if (argc != 1)
		command_wrong(&error, NULL, "there is only one transition at a time");
	else if (host_need_root("a transition can't be reverted", &error))
		outcome = revert(&options, &name, &error);
	if (!outcome)
		return command_fail(error, options.json);
	transition_print_outcome(&options, name, outcome);
	return EXIT_DONE;
}
