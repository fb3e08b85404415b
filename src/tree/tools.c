/*
 * One row a tool, with what turns the configuration's number into the words that the kernel's
 * scripts/<tool>-version.sh make the number of.
 */
#include "tree/tools.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"

/* What a configuration says of an option that is a number; 0 if nothing. */
static guint64 config_number(const char *config, const char *option)
{
	g_autofree char *line = g_strdup_printf("\n%s=", option);
	const char *at = strstr(config, line);

	return at ? g_ascii_strtoull(at + strlen(line), NULL, 10) : 0;
}

static char *pahole_says(const char *config)
{
	guint number = config_number(config, "CONFIG_PAHOLE_VERSION");

	return number ? g_strdup_printf("v%u.%02u", number / 100, number % 100) : g_strdup("0");
}

static char *rustc_says(const char *config)
{
	guint rustc = config_number(config, "CONFIG_RUSTC_VERSION");
	guint llvm = config_number(config, "CONFIG_RUSTC_LLVM_VERSION");

	if (!rustc)
		return NULL;
	return g_strdup_printf("rustc %u.%u.%u\nLLVM version: %u.%u.%u", rustc / 100000,
			       rustc / 100 % 1000, rustc % 100, llvm / 10000, llvm / 100 % 100,
			       llvm % 100);
}

/* No Rust is compiled: with it the configuration would not be what it is. */
static char *bindgen_says(const char *config)
{
	return NULL;
}

static const struct tool {
	const char *variable;
	const char *path;
	char *(*says)(const char *config); /* NULL: the kernel was configured without it */
} tools[] = {
	{"PAHOLE", "./pahole", pahole_says},
	{"RUSTC", "./rustc", rustc_says},
	{"BINDGEN", "./bindgen", bindgen_says},
};

static gboolean write_script(const char *path, const char *says, GError **error)
{
	g_autofree char *script =
		says ? g_strdup_printf("#!/bin/sh\n[ \"$1\" = --version ] && echo '%s'\n", says)
		     : g_strdup("#!/bin/sh\nexit 1\n");

	if (!files_write(path, script, strlen(script), error))
		return FALSE;
	if (!g_chmod(path, 0755))
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, "the source can't be prepared", path, NULL, "%s",
		    g_strerror(errno));
	return FALSE;
}

gboolean tools_write(const char *build, const char *config, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(tools); i++) {
		g_autofree char *path = g_build_filename(build, tools[i].path, NULL);
		g_autofree char *says = tools[i].says(config);

		if (!write_script(path, says, error))
			return FALSE;
	}
	return TRUE;
}

void tools_foreach(void (*each)(gpointer data, const char *variable, const char *path),
		   gpointer data)
{
	for (gsize i = 0; i < G_N_ELEMENTS(tools); i++)
		each(data, tools[i].variable, tools[i].path);
}
