/*
 * Commands: one file each; they read options, call rooms, print.  The table in main.c feeds
 * dispatch and help.
 */
#ifndef KLATCH_CMD_COMMAND_H
#define KLATCH_CMD_COMMAND_H

#include <glib.h>
#include <json-glib/json-glib.h>

/* What a command returns to the shell. */
enum command_exit {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_CANNOT = 2,
	EXIT_UNCHANGED = 3,
};

/* argv[0] is the command's own name.  Returns a command_exit. */
typedef int command_function(int argc, char **argv);
command_function command_kernel, command_build, command_diff, command_census, command_try,
	command_lab, command_lab_torture, command_compare, command_check, command_load,
	command_unload, command_revert, command_status, command_log, command_sign, command_install,
	command_remove, command_boot, command_update, command_package;

/* Prints an error for people to stderr: one paragraph, colour on a terminal unless NO_COLOR. */
void command_print_error(const GError *error);

/*
 * Ends a command that can't run: prints the error as command_print_error() does, and with json also
 * {"status": "error", "error": {...}} to stdout.  Returns the exit code.
 */
int command_fail(const GError *error, gboolean json);

/* {what, where, why, hint} of an error; absent texts are left out. Caller owns the node. */
JsonNode *command_error_json(const GError *error);

/* Prints one JSON object to stdout, with a newline.  Takes the builder's root. */
void command_print_json(JsonBuilder *builder);

/*
 * Parses options with GLib.  On a wrong one prints the error and a hint to --help and returns
 * EXIT_CANNOT through *status with false.  summary: one line for --help, which prints and exits.
 */
gboolean command_options(int *argc, char ***argv, const GOptionEntry *entries,
			 const char *arguments, const char *summary, int *status);

/* The error of a command line that is wrong, after command_options(): where (or NULL) and why. */
void command_wrong(GError **error, const char *where, const char *why);

/* The release of the kernel that a livepatch's file is for: the first word of its version magic.
 * Caller frees. */
char *command_livepatch_release(const char *path, GError **error);

/* Prints stages (base/stages.h) and their sum as a table to stdout. */
void command_stages_print(const GArray *stages);

/* Adds the member "seconds": {stage: number, ..., "total": number}. */
void command_stages_json(const GArray *stages, JsonBuilder *builder);

/* Adds a member whose value is a string, or null. */
void command_add_string(JsonBuilder *builder, const char *member, const char *value);

/* Adds a member that is an array of strings (char *), or of errors (GError) as above. */
void command_add_strings(JsonBuilder *builder, const char *member, const GPtrArray *strings);
void command_add_errors(JsonBuilder *builder, const char *member, const GPtrArray *errors);

#endif
