/*
 * klatch sign: a livepatch for machines that take signed modules only.
 */
#include <stdio.h>

#include "base/error.h"
#include "cmd/command.h"
#include "host/check.h"
#include "sign/sign.h"

struct options {
	char *key, *certificate, *output;
	gboolean json;
};

static gboolean run(const struct options *options, const char *path, GError **error)
{
	/* Anything else is signed by other means. */
	g_autofree char *name = host_livepatch_name(path, error);
	const char *output = options->output ? options->output : path;
	g_autoptr(JsonBuilder) builder = json_builder_new();

	if (!name || !sign_module(path, options->key, options->certificate, output, error))
		return FALSE;
	if (!options->json) {
		printf("%s: signed\n", output);
		return TRUE;
	}
	json_builder_begin_object(builder);
	command_add_string(builder, "status", "done");
	command_add_string(builder, "livepatch", output);
	json_builder_end_object(builder);
	command_print_json(builder);
	return TRUE;
}

static void options_clear(struct options *options)
{
	g_free(options->key);
	g_free(options->certificate);
	g_free(options->output);
}

int command_sign(int argc, char **argv)
{
	__attribute__((cleanup(options_clear))) struct options options = {0};
	const GOptionEntry entries[] = {
		{"key", 0, 0, G_OPTION_ARG_FILENAME, &options.key, "the private key, in PEM",
		 "FILE"},
		{"cert", 0, 0, G_OPTION_ARG_FILENAME, &options.certificate,
		 "its certificate, in PEM or DER", "FILE"},
		{"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
		 "where to write it (default: in place)", "FILE"},
		{"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "print one JSON object", NULL},
		G_OPTION_ENTRY_NULL};
	g_autoptr(GError) error = NULL;
	int status;

	if (!command_options(&argc, &argv, entries, "LIVEPATCH.ko",
			     "Signs a livepatch in the kernel's own format.", &status))
		return status;
	if (argc != 2 || !options.key || !options.certificate)
		command_wrong(&error, NULL,
			      argc != 2 ? "one livepatch is wanted"
					: "--key and --cert are both needed");
	else if (run(&options, argv[1], &error))
		return EXIT_DONE;
	return command_fail(error, options.json);
}
