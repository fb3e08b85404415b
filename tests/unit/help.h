/*
 * What tests of several rooms share: a directory of their own, and real tools run in it.
 */
#ifndef KLATCH_TESTS_HELP_H
#define KLATCH_TESTS_HELP_H

/* clang-format off: cmocka.h does not include what it needs */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <glib.h>

#include "cmd/command.h"

/* cmocka set-up and tear-down of a group or test: *state is the path of a fresh directory. */
int make_directory(void **state);
int remove_directory(void **state);

/* The path of a file in a directory.  Caller frees. */
char *path_in(const char *directory, const char *file);

/* Writes a text file into a directory. */
void write_text(const char *directory, const char *file, const char *text);

/* Runs a program in a directory and returns what it wrote to stdout (caller frees); the arguments
 * end with NULL.  Any status but 0 fails the test. */
char *output_of(const char *directory, const char *program, ...) G_GNUC_NULL_TERMINATED;

/* Calls a function with the name of each entry of a directory; fewer than `least` fail the test. */
typedef void case_function(const char *name, void **state);
void each_case(const char *cases, guint least, case_function *check, void **state);

/* Compiles text to an object with gcc -c; file is "NAME.c" or "NAME.S", the flags end with NULL.
 * Returns the path of NAME.o (caller frees). */
char *compile(const char *directory, const char *file, const char *source,
	      ...) G_GNUC_NULL_TERMINATED;

/* Runs a command and returns its exit code; *output (caller frees) is what it wrote to stdout and
 * stderr.  argv ends with NULL. */
int run_command(const char *directory, command_function *command, char **argv, char **output);

/* Fails the test unless there is an error of this code whose text holds `text`; then clears it. */
void assert_error(GError **error, int code, const char *text);

/* Fails the test with the error's own text if there is one. */
void assert_no_error(const GError *error);

#endif
