/*
 * What tests of several rooms share.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "help.h"

void assert_no_error(const GError *error)
{
	if (error)
		fail_msg("%s", error->message);
}

void assert_error(GError **error, int code, const char *text)
{
	if (!*error)
		fail_msg("no error, but expected: %s", text);
	if (!g_error_matches(*error, KLATCH_ERROR, code) || !strstr((*error)->message, text))
		fail_msg("expected code %d and '%s', got %d: %s", code, text, (*error)->code,
			 (*error)->message);
	g_clear_error(error);
}

int make_directory(void **state)
{
	*state = files_temporary_directory(NULL);
	return *state ? 0 : -1;
}

int remove_directory(void **state)
{
	gboolean removed = files_remove_tree(*state, NULL);

	g_free(*state);
	return removed ? 0 : -1;
}

char *path_in(const char *directory, const char *file)
{
	return g_build_filename(directory, file, NULL);
}

void write_text(const char *directory, const char *file, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = path_in(directory, file);

	files_write(path, text, strlen(text), &error);
	assert_no_error(error);
}

static char *run_in(const char *directory, const GPtrArray *argv)
{
	struct process process = {
		.argv = (const char *const *)argv->pdata,
		.directory = directory,
	};
	g_autoptr(GError) error = NULL;
	AUTO_PROCESS_RESULT result = {0};

	process_check(&process, "running a tool", &result, &error);
	assert_no_error(error);
	return g_steal_pointer(&result.output);
}

static void add_arguments(GPtrArray *argv, va_list arguments)
{
	const char *argument;

	while ((argument = va_arg(arguments, const char *)))
		g_ptr_array_add(argv, (char *)argument);
}

char *output_of(const char *directory, const char *program, ...)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	va_list arguments;

	va_start(arguments, program);
	g_ptr_array_add(argv, (char *)program);
	add_arguments(argv, arguments);
	g_ptr_array_add(argv, NULL);
	va_end(arguments);
	return run_in(directory, argv);
}

char *compile(const char *directory, const char *file, const char *source, ...)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *stem = g_strndup(file, strcspn(file, "."));
	g_autofree char *object = g_strconcat(stem, ".o", NULL);
	const char *fixed[] = {"gcc", "-c", file, "-o", object};
	va_list flags;

	write_text(directory, file, source);
	for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++)
		g_ptr_array_add(argv, (char *)fixed[i]);
	va_start(flags, source);
	add_arguments(argv, flags);
	va_end(flags);
	g_ptr_array_add(argv, NULL);
	g_free(run_in(directory, argv));
	return path_in(directory, object);
}

int run_command(const char *directory, command_function *command, char **argv, char **output)
{
	g_autofree char *path = path_in(directory, "output");
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	int old_output = dup(STDOUT_FILENO), old_errors = dup(STDERR_FILENO);
	int status;

	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	dup2(file, STDERR_FILENO);
	g_autofree char **copy = g_memdup2(argv, (g_strv_length(argv) + 1) * sizeof(*argv));
	status = command((int)g_strv_length(argv), copy);
	fflush(stdout);
	dup2(old_output, STDOUT_FILENO);
	dup2(old_errors, STDERR_FILENO);
	close(old_output);
	close(old_errors);
	close(file);
	*output = files_read_text(path, NULL);
	return status;
}

void each_case(const char *cases, guint least, case_function *check, void **state)
{
	g_autoptr(GDir) entries = g_dir_open(cases, 0, NULL);
	const char *name;
	guint count = 0;

	assert_non_null(entries);
	while ((name = g_dir_read_name(entries))) {
		print_message("case %s\n", name);
		check(name, state);
		count++;
	}
	assert_true(count >= least);
}
