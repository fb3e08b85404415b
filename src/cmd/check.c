/*
 * klatch check: whether a livepatch may be loaded, on a prepared kernel or on this machine.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "check/check.h"
#include "cmd/command.h"
#include "host/check.h"

struct options {
	char *release;
	gboolean host, json;
};

/* The promises of klatch build, on a kernel of the cache: what is not kept refuses the livepatch.
 */
static GPtrArray *check_on_kernel(const char *release, const char *path, GError **error)
{
	AUTO(kernel) kernel = kernel_open(release, error);
	g_autoptr(GPtrArray) refusals = kernel ? check_livepatch(kernel, path, error) : NULL;
	GPtrArray *findings;

	if (!refusals)
		return NULL;
	findings = findings_new();
	for (guint i = 0; i < refusals->len; i++)
		findings_add(findings, FINDING_REFUSED, g_error_copy(refusals->pdata[i]));
	return findings;
}

static void print_text(const char *path, const GPtrArray *findings, gboolean is_refused)
{
	for (guint i = 0; i < findings->len; i++) {
		const struct finding *finding = findings->pdata[i];
		const struct klatch_reason *reason = klatch_error_reason(finding->reason);

		printf("%s: %s: %s: %s\n", severity_name(finding->severity), reason->where,
		       reason->what, reason->why);
	}
	printf("%s: %s\n", path, is_refused ? "it must not be loaded" : "it may be loaded");
}

static void print_json(const char *path, const char *kernel, const GPtrArray *findings,
		       gboolean is_refused)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();

	json_builder_begin_object(builder);
	command_add_string(builder, "status", is_refused ? "refused" : "passed");
	command_add_string(builder, "livepatch", path);
	command_add_string(builder, "kernel", kernel);
	json_builder_set_member_name(builder, "findings");
	json_builder_begin_array(builder);
	for (guint i = 0; i < findings->len; i++) {
		const struct finding *finding = findings->pdata[i];
		JsonNode *node = command_error_json(finding->reason);

		json_object_set_string_member(json_node_get_object(node), "severity",
					      severity_name(finding->severity));
		json_builder_add_value(builder, node);
	}
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	command_print_json(builder);
}

static gboolean check(struct options *options, const char *path, gboolean *is_refused,
		      GError **error)
{
	g_autoptr(GPtrArray) findings = NULL;

	if (options->host) {
		if (!host_need_root("the machine can't be looked at", error))
			return FALSE;
		options->release = kernel_running();
		findings = host_check(host_running(), path, TRUE, error);
	} else {
		if (!options->release)
			options->release = command_livepatch_release(path, error);
		if (options->release)
			findings = check_on_kernel(options->release, path, error);
	}
	if (!findings)
		return FALSE;
	/* The worst is the first. */
	*is_refused = findings->len &&
		      ((struct finding *)findings->pdata[0])->severity == FINDING_REFUSED;
	if (options->json)
		print_json(path, options->release, findings, *is_refused);
	else
		print_text(path, findings, *is_refused);
	return TRUE;
}

static void options_clear(struct options *options)
{
	g_free(options->release);
}

int command_check(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {0};
	const GOptionEntry entries[] = {
		{"kernel", 'k', 0, G_OPTION_ARG_STRING, &options.release,
		 "a prepared kernel (default: the one the livepatch is for)", "RELEASE"},
		{"host", 0, 0, G_OPTION_ARG_NONE, &options.host, "this machine as it is now", NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	gboolean is_refused = FALSE;
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "LIVEPATCH.ko",
			     "Tells whether a livepatch may be loaded, before it is.", &status))
		return status;
	if (argc != 2 || (options.host && options.release))
		command_wrong(&error, NULL,
			      argc != 2 ? "one livepatch is wanted"
					: "-k and --host can't both be");
	else if (check(&options, argv[1], &is_refused, &error))
		return is_refused ? EXIT_REFUSED : EXIT_DONE;
	return command_fail(error, options.json);
}
