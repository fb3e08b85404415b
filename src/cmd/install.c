/*
 * klatch install, remove and boot: livepatches that are kept over reboots.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/process.h"
#include "cmd/command.h"
#include "cmd/transition.h"
#include "host/installed.h"
#include "host/livepatch.h"
#include "kernel/kernel.h"

#define SERVICE "klatch.service"
#define TIMER	"klatch-healthy.timer"

struct options {
	char *release;
	gboolean now, json;
};

static void options_clear(struct options *options)
{
	g_free(options->release);
}

static void print_done(const struct options *options, const char *name, const char *release,
		       const char *what)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	if (!options->json) {
		printf("%s: %s for %s\n", name, what, release);
		return;
	}
	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	command_add_string(builder, "livepatch", name);
	command_add_string(builder, "kernel", release);
	command_add_string(builder, "outcome", what);
	json_builder_end_object(builder);
	command_print_json(builder);
}

/* systemctl enable or disable, where systemd runs the machine, or will once it is installed. */
static gboolean tell_systemd(const char *verb, GError **error)
{
	const char *argv[] = {"systemctl", verb, SERVICE, TIMER, NULL};
	struct process process = {.argv = argv};
	AUTO_PROCESS_RESULT result = {0};
	g_autofree char *program = g_find_program_in_path(argv[0]);

	if (!program) {
		fputs("klatch: there is no systemd here: have 'klatch boot' run at each boot, and "
		      "'klatch boot --healthy' when it went well\n",
		      stderr);
		return TRUE;
	}
	return process_check(&process, "telling systemd", &result, error);
}

/* --- install --------------------------------------------------------------------------------- */

static gboolean load_now(const char *path, const char *name, const char *release, GError **error)
{
	const struct transition_options transition = {.timeout = TRANSITION_SECONDS};
	AUTO(host_livepatch) loaded = host_livepatch(host_running(), name, NULL);
	g_autofree char *running = kernel_running();

	if (strcmp(running, release)) {
		klatch_fail(error, KLATCH_REFUSED, "the livepatch can't be loaded now", path,
			    "it is installed, and loaded when that kernel boots",
			    "it is for %s, and %s runs", release, running);
		return FALSE;
	}
	return loaded || transition_load(&transition, path, name, error);
}

static gboolean install(const struct options *options, const char *path, GError **error)
{
	g_autofree char *name = NULL, *release = NULL;

	if (!installed_add(host_running(), path, &name, &release, error) ||
	    !tell_systemd("enable", error))
		return FALSE;
	if (options->now && !load_now(path, name, release, error))
		return FALSE;
	if (options->now && !options->json)
		printf("%s: enabled\n", name);
	print_done(options, name, release, "installed");
	return TRUE;
}

int command_install(int argc, char **argv)
{
	struct options options = {0};
	const GOptionEntry entries[] = {
		{"now", 0, 0, G_OPTION_ARG_NONE, &options.now, "load it as well", NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "LIVEPATCH.ko",
			     "Keeps a livepatch for the next boots of its kernel.", &status))
		return status;
	if (argc != 2)
		command_wrong(&error, NULL, "one livepatch is wanted");
	else if (host_need_root("a livepatch can't be installed", &error) &&
		 install(&options, argv[1], &error))
		return EXIT_DONE;
	return command_fail(error, options.json);
}

/* --- remove ---------------------------------------------------------------------------------- */

static gboolean remove_it(struct options *options, const char *name, GError **error)
{
	const struct host *host = host_running();
	g_autoptr(GPtrArray) left = NULL;

	if (!options->release)
		options->release = kernel_running();
	if (!installed_remove(host, options->release, name, error))
		return FALSE;
	left = installed_releases(host);
	if (!left->len && !tell_systemd("disable", error))
		return FALSE;
	print_done(options, name, options->release, "removed");
	return TRUE;
}

int command_remove(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {0};
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &options.release,
		 "the kernel that it was for (default: the running one)", "RELEASE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "NAME",
			     "A livepatch is not loaded at boot any more.", &status))
		return status;
	if (argc != 2)
		command_wrong(&error, NULL, "one livepatch is wanted");
	else if (host_need_root("a livepatch can't be removed", &error) &&
		 remove_it(&options, argv[1], &error))
		return EXIT_DONE;
	return command_fail(error, options.json);
}

/* --- boot ------------------------------------------------------------------------------------ */

/* Each for itself: one that can't be loaded keeps no other from it.  Returns how many could not. */
static guint load_all(const char *release, const GPtrArray *names)
{
	const struct transition_options transition = {.timeout = TRANSITION_SECONDS};
	guint failed = 0;

	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = installed_path(host_running(), release, name);
		AUTO(host_livepatch) loaded = host_livepatch(host_running(), name, NULL);
		g_autoptr(GError) error = NULL;

		if (loaded || transition_load(&transition, path, name, &error)) {
			printf("%s: enabled\n", name);
			continue;
		}
		command_print_error(error);
		failed++;
	}
	return failed;
}

/* retry: also if the last boot did not end well.  Sets *failed to how many livepatches could not be
 * loaded. */
static gboolean boot(const char *release, gboolean retry, guint *failed, GError **error)
{
	const struct host *host = host_running();
	g_autoptr(GPtrArray) names = installed_names(host, release);

	if (boot_is_disabled(host)) {
		puts("klatch.disable: no livepatch is loaded");
		return TRUE;
	}
	if (!names->len)
		return TRUE;
	if (!retry && boot_is_locked(host, release)) {
		klatch_fail(error, KLATCH_REFUSED, "livepatches are not loaded", release,
			    "klatch boot --retry, if it was not they",
			    "the last boot of this kernel ended before it had been well for long "
			    "enough");
		return FALSE;
	}
	if (!boot_lock(host, release, error))
		return FALSE;
	*failed = load_all(release, names);
	return TRUE;
}

int command_boot(int argc, char **argv)
{
	gboolean is_healthy = FALSE, retry = FALSE;
	const GOptionEntry entries[] = {{"healthy", 0, 0, G_OPTION_ARG_NONE, &is_healthy,
					 "this boot went well: the next may load them again", NULL},
					{"retry", 0, 0, G_OPTION_ARG_NONE, &retry,
					 "load them although the last boot did not end well", NULL},
					G_OPTION_ENTRY_NULL};
	g_autofree char *release = kernel_running();
	g_autoptr(GError) error = NULL;
	guint failed = 0;
	int status;

	if (!command_options(&argc, &argv, entries, "",
			     "Loads the livepatches that are installed for this kernel.", &status))
		return status;
	if (argc != 1)
		command_wrong(&error, NULL, "it takes no arguments");
	else if (host_need_root("livepatches can't be loaded", &error) &&
		 (is_healthy ? boot_unlock(host_running(), release, &error)
			     : boot(release, retry, &failed, &error)))
		return failed ? EXIT_REFUSED : EXIT_DONE;
	return command_fail(error, FALSE);
}
