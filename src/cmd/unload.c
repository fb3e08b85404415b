/*
 * klatch unload and klatch revert: a livepatch goes, or the transition that is under way is turned
 * round.
 */
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/transition.h"
#include "host/change.h"
#include "host/livepatch.h"

/* From whatever state it is in, as a klatch that was killed may have left it. */
static gboolean unload(const struct transition_options *options, const char *name, GError **error)
{
	const struct host *host = host_running();
	AUTO(host_livepatch) livepatch = host_livepatch(host, name, error);

	if (!livepatch)
		return FALSE;
	if ((livepatch->state == LIVEPATCH_ENABLED || livepatch->state == LIVEPATCH_PATCHING) &&
	    !host_enable(host, name, FALSE, error))
		return FALSE;
	return transition_finish(options, name, FALSE, error) && host_remove(host, name, error);
}

int command_unload(int argc, char **argv)
{
	AUTO_TRANSITION_OPTIONS options = {.timeout = TRANSITION_SECONDS};
	const GOptionEntry entries[] = {TRANSITION_ENTRIES(&options), TIMEOUT_ENTRIES(&options),
					G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "NAME", "Disables a livepatch and removes it.",
			     &status))
		return status;
	if (argc != 2) {
		command_wrong(&error, NULL, "one livepatch is wanted");
	} else if (host_need_root("a livepatch can't be unloaded", &error) &&
		   transition_check(&options, argv[1], &error) &&
		   unload(&options, argv[1], &error)) {
		transition_print_outcome(&options, argv[1], "unloaded");
		return EXIT_DONE;
	}
	return command_fail(error, options.json);
}

/* Returns the livepatch, which is where it came from. */
static struct host_livepatch *revert(const struct transition_options *options, GError **error)
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
	if (moving->state == LIVEPATCH_PATCHING && !host_remove(host, moving->name, error))
		return NULL;
	for (guint i = 0; i < livepatches->len; i++)
		if (livepatches->pdata[i] == moving)
			return g_ptr_array_steal_index(livepatches, i);
	return NULL;
}

int command_revert(int argc, char **argv)
{
	AUTO_TRANSITION_OPTIONS options = {
		.timeout = TRANSITION_SECONDS,
		.keep = TRUE, /* turned round twice it would be where it is now */
	};
	const GOptionEntry entries[] = {TRANSITION_ENTRIES(&options), G_OPTION_ENTRY_NULL};
	AUTO(host_livepatch) reverted = NULL;
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "",
			     "Turns round the transition that is under way.", &status))
		return status;
	if (argc != 1)
		command_wrong(&error, NULL, "there is only one transition at a time");
	else if (host_need_root("a transition can't be reverted", &error))
		reverted = revert(&options, &error);
	if (!reverted)
		return command_fail(error, options.json);
	transition_print_outcome(&options, reverted->name,
				 reverted->state == LIVEPATCH_PATCHING
					 ? "disabled again and removed"
					 : "enabled again");
	return EXIT_DONE;
}
