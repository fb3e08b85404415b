/*
 * An apt configuration for one suite: of the machine's own only what says how to reach an archive
 * (proxies, certificates) is taken over, none of its hooks, and every directory is ours.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "kernel/fetch.h"
#include "kernel/kernel.h"
#include "kernel/suite.h"

#define WHAT	"the suite can't be reached"
#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"

const char *suite_label(const char *suite)
{
	return strstr(suite, "-security") ? "Debian-Security" : "Debian";
}

char *suite_mirror(const char *targets, const char *label)
{
	g_auto(GStrv) lines = g_strsplit(targets, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_auto(GStrv) fields = g_strsplit(*line, "|", 2);

		if (g_strv_length(fields) == 2 && !strcmp(fields[0], label) && *fields[1])
			return g_strdup(fields[1]);
	}
	return NULL;
}

static char *machine_mirror(const char *suite, GError **error)
{
	static const char *const argv[] = {"apt-get",
					   "indextargets",
					   "--format",
					   "$(LABEL)|$(REPO_URI)",
					   "Created-By: Packages",
					   "Origin: Debian",
					   NULL};
	AUTO_PROCESS_RESULT result = {0};
	char *mirror;

	if (!fetch_apt(argv, NULL, NULL, "asking apt for its mirrors", &result, error))
		return NULL;
	mirror = suite_mirror(result.output, suite_label(suite));
	if (!mirror)
		klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, suite, "apt-get update",
			    "apt's own sources name no mirror of the archive '%s'",
			    suite_label(suite));
	return mirror;
}

/* How the machine reaches an archive. */
static char *transport(GError **error)
{
	static const char *const argv[] = {"apt-config", "dump", NULL};
	AUTO_PROCESS_RESULT result = {0};
	GString *kept;

	if (!fetch_apt(argv, NULL, NULL, "asking apt for its configuration", &result, error))
		return NULL;
	kept = g_string_new(NULL);
	g_auto(GStrv) lines = g_strsplit(result.output, "\n", -1);
	for (char **line = lines; *line; line++)
		if (g_str_has_prefix(*line, "Acquire::"))
			g_string_append_printf(kept, "%s\n", *line);
	return g_string_free(kept, FALSE);
}

static gboolean write_text(const char *directory, const char *name, const char *text,
			   GError **error)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);

	return files_write(path, text, strlen(text), error);
}

static gboolean write_sources(const char *directory, const char *suite, const char *mirror,
			      GError **error)
{
	g_autofree char *text = g_strdup_printf("Types: deb\nURIs: %s\nSuites: %s\n"
						"Components: main\nArchitectures: amd64\n"
						"Signed-By: " KEYRING "\n",
						mirror, suite);

	return write_text(directory, "suite.sources", text, error);
}

static gboolean write_configuration(const char *directory, GError **error)
{
	g_autofree char *kept = transport(error);
	if (!kept)
		return FALSE;

	/* apt's unprivileged user may not write below our cache. */
	g_autofree char *text =
		g_strdup_printf("%s"
				"APT::Sandbox::User \"root\";\n"
				"Dir::Etc::main \"%s/none\";\n"
				"Dir::Etc::parts \"%s/none\";\n"
				"Dir::Etc::sourcelist \"%s/suite.sources\";\n"
				"Dir::Etc::sourceparts \"%s/none\";\n"
				"Dir::Etc::preferences \"%s/none\";\n"
				"Dir::Etc::preferencesparts \"%s/none\";\n"
				"Dir::State \"%s/state\";\n"
				"Dir::State::status \"%s/status\";\n"
				"Dir::Cache \"%s/cache\";\n"
				"Dir::Log \"%s\";\n",
				kept, directory, directory, directory, directory, directory,
				directory, directory, directory, directory, directory);
	return write_text(directory, "apt.conf", text, error) &&
	       write_text(directory, "status", "", error);
}

static gboolean make_directories(const char *directory, GError **error)
{
	static const char *const names[] = {"state/lists/partial", "cache/archives/partial",
					    "none"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(directory, names[i], NULL);

		if (!files_make_directory(path, error))
			return FALSE;
	}
	return TRUE;
}

/* It becomes part of a path and of apt's files. */
static gboolean check_name(const char *suite, GError **error)
{
	if (g_ascii_isalnum(*suite) &&
	    strspn(suite, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-.") == strlen(suite))
		return TRUE;
	klatch_fail(error, KLATCH_USAGE, "it is not a suite", suite,
		    "give one such as bookworm-security or sid",
		    "a suite's name has letters, digits, dots and hyphens only");
	return FALSE;
}

static gboolean update(const char *configuration, GError **error)
{
	static const char *const argv[] = {"apt-get", "-q", "--error-on=any", "update", NULL};
	AUTO_PROCESS_RESULT result = {0};

	return fetch_apt(argv, configuration, NULL, "fetching the index of the suite", &result,
			 error);
}

char *suite_configure(const char *suite, GError **error)
{
	g_autofree char *cache = kernel_cache();
	g_autofree char *directory = g_build_filename(cache, "apt", suite, NULL);
	g_autofree char *configuration = g_build_filename(directory, "apt.conf", NULL);

	if (!check_name(suite, error))
		return NULL;
	g_autofree char *mirror = machine_mirror(suite, error);
	if (!mirror || !make_directories(directory, error) ||
	    !write_sources(directory, suite, mirror, error) ||
	    !write_configuration(directory, error) || !update(configuration, error))
		return NULL;
	return g_steal_pointer(&configuration);
}
