/*
 * One kernel, one version: a source, a header or an image of another build would let everything be
 * built and proved against the wrong thing.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "kernel/versions.h"

#define WHAT "the kernel's parts are of different builds"

struct statement {
	const char *who;
	const char *says;
};

static gboolean differ(struct statement a, struct statement b, GError **error)
{
	klatch_fail(
		error, KLATCH_INPUT, WHAT, NULL,
		"all packages must be of exactly the version of the kernel that is to be patched",
		"%s says '%s', but %s says '%s'", a.who, a.says, b.who, b.says);
	return FALSE;
}

/* The text between `begin`, at the start of a line, and the quote that ends it. */
static char *quoted(const char *text, const char *begin)
{
	g_autofree char *line = g_strconcat("\n", begin, NULL);
	const char *at = g_str_has_prefix(text, begin) ? text : strstr(text, line);

	if (!at)
		return NULL;
	at += strlen(*at == '\n' ? line : begin);
	const char *stop = strpbrk(at, "\"\n");
	return stop && *stop == '"' ? g_strndup(at, (gsize)(stop - at)) : NULL;
}

/* A quoted value of a file below the headers, from the first of some files that has it. */
static char *read_value(const char *headers, const char *const *files, const char *begin,
			GError **error)
{
	for (; *files; files++) {
		g_autofree char *path = g_build_filename(headers, *files, NULL);
		g_autofree char *text = files_read_text(path, NULL);
		char *value = text ? quoted(text, begin) : NULL;

		if (value)
			return value;
	}
	klatch_fail(error, KLATCH_INPUT, "the headers package is not as it should be", headers,
		    NULL, "no line begins with '%s'", begin);
	return NULL;
}

char *versions_compiler(const char *headers, GError **error)
{
	static const char *const files[] = {".config", NULL};

	return read_value(headers, files, "CONFIG_CC_VERSION_TEXT=\"", error);
}

static char *read_release(const char *headers, GError **error)
{
	static const char *const files[] = {"include/generated/utsrelease.h", NULL};

	return read_value(headers, files, "#define UTS_RELEASE \"", error);
}

static char *read_package(const char *headers, GError **error)
{
	static const char *const files[] = {"include/generated/package.h", NULL};

	return read_value(headers, files, "#define LINUX_PACKAGE_ID \"", error);
}

/* A header of its own since 6.1. */
static char *read_version(const char *headers, GError **error)
{
	static const char *const files[] = {"include/generated/utsversion.h",
					    "include/generated/compile.h", NULL};

	return read_value(headers, files, "#define UTS_VERSION \"", error);
}

char *versions_of_banner(const char *banner)
{
	static const char before[] = " Debian ";
	const char *version = g_strrstr(banner, before);

	if (!version)
		return NULL;
	version += strlen(before);
	return g_strndup(version, strcspn(version, " "));
}

/* "Linux version RELEASE (builder) (COMPILER, linker) UTS_VERSION" */
static gboolean check_banner(const char *release, const char *uts_version, const char *compiler,
			     const char *banner, GError **error)
{
	g_autofree char *begin = g_strdup_printf("Linux version %s (", release);
	g_autofree char *middle = g_strdup_printf(" (%s, ", compiler);
	g_autofree char *end = g_strdup_printf(") %s", uts_version);
	struct statement image = {"the image", banner};

	if (!g_str_has_prefix(banner, begin))
		return differ((struct statement){"the release", release}, image, error);
	if (!strstr(banner, middle))
		return differ((struct statement){"the headers' CONFIG_CC_VERSION_TEXT", compiler},
			      image, error);
	if (!g_str_has_suffix(banner, end))
		return differ((struct statement){"the headers' UTS_VERSION", uts_version}, image,
			      error);
	return TRUE;
}

/* What is between "(builder) (" and ", linker) " in a banner, or NULL. */
static char *compiler_of_banner(const char *banner)
{
	const char *begin = strstr(banner, ") (");
	const char *end = begin ? strstr(begin, ", GNU ld") : NULL;

	return end ? g_strndup(begin + 3, (gsize)(end - begin - 3)) : NULL;
}

char *versions_check_image(const char *release, const char *version, const char *banner,
			   GError **error)
{
	g_autofree char *begin = g_strdup_printf("Linux version %s (", release);
	g_autofree char *says = versions_of_banner(banner);
	struct statement image = {"the image", banner};
	char *compiler;

	if (!g_str_has_prefix(banner, begin)) {
		differ((struct statement){"the release", release}, image, error);
		return NULL;
	}
	if (g_strcmp0(says, version)) {
		differ((struct statement){"the packages' version", version}, image, error);
		return NULL;
	}
	compiler = compiler_of_banner(banner);
	if (!compiler)
		klatch_fail(error, KLATCH_INPUT, "the kernel image can't be read", release, NULL,
			    "its banner names no compiler: '%s'", banner);
	return compiler;
}

gboolean versions_check(const char *release, const char *version, const char *headers,
			const char *banner, const char *running, GError **error)
{
	g_autofree char *compiler = versions_compiler(headers, error);
	g_autofree char *uts_release = compiler ? read_release(headers, error) : NULL;
	g_autofree char *package = uts_release ? read_package(headers, error) : NULL;
	g_autofree char *uts_version = package ? read_version(headers, error) : NULL;
	g_autofree char *package_id = g_strconcat(" Debian ", version, NULL);
	g_autofree char *package_part = g_strconcat(package_id, " (", NULL);
	struct statement packages = {"the packages' version", package_id};

	if (!uts_version)
		return FALSE;
	if (strcmp(uts_release, release))
		return differ((struct statement){"the release", release},
			      (struct statement){"the headers' UTS_RELEASE", uts_release}, error);
	if (strcmp(package, package_id))
		return differ(packages,
			      (struct statement){"the headers' LINUX_PACKAGE_ID", package}, error);
	if (!strstr(uts_version, package_part))
		return differ(packages, (struct statement){"the headers' UTS_VERSION", uts_version},
			      error);
	if (!check_banner(release, uts_version, compiler, banner, error))
		return FALSE;
	if (running && strcmp(running, banner))
		return differ((struct statement){"the image", banner},
			      (struct statement){"the running kernel's /proc/version", running},
			      error);
	return TRUE;
}
