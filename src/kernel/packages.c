/*
 * Which packages a kernel needs, and where they are: in a directory that was given, in the cache,
 * or, as far as they are missing there, in the archive.
 */
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "kernel/cache.h"
#include "kernel/deb.h"
#include "kernel/fetch.h"
#include "kernel/kernel.h"
#include "kernel/packages.h"
#include "kernel/suite.h"
#include "kernel/versions.h"

#define WHAT "the kernel's packages can't be had"

enum part { IMAGE, HEADERS, COMMON, SOURCE, NEEDED, KBUILD = NEEDED, BINARY, MODULES, PARTS };

struct names {
	char *of[PARTS]; /* NULL: not wanted */
	char *version;	 /* the only one that will do, or NULL */
};

struct place {
	const char *name; /* for messages */
	const char *hint;
};

static void names_clear(struct names *names)
{
	for (int i = 0; i < PARTS; i++)
		g_free(names->of[i]);
	g_free(names->version);
}

/* What else is needed to build for a kernel. */
static void name_build_parts(const char *release, struct names *names)
{
	const char *flavour = kernel_flavour(release);
	gboolean realtime = g_str_has_prefix(flavour, "rt-");
	guint series = kernel_series(release), major = series / 1000, minor = series % 1000;
	g_autofree char *abi = g_strndup(release, strlen(release) - strlen(flavour) - 1);

	names->of[HEADERS] = g_strconcat("linux-headers-", release, NULL);
	names->of[COMMON] =
		g_strconcat("linux-headers-", abi, "-common", realtime ? "-rt" : NULL, NULL);
	names->of[SOURCE] = g_strdup_printf("linux-source-%u.%u", major, minor);
	names->of[KBUILD] = g_strdup_printf("linux-kbuild-%u.%u", major, minor);
}

static void name_parts(const char *release, gboolean image_only, struct names *names)
{
	*names = (struct names){.of = {
					[IMAGE] = g_strconcat("linux-image-", release, NULL),
					[BINARY] = g_strconcat("linux-binary-", release, NULL),
					[MODULES] = g_strconcat("linux-modules-", release, NULL),
				}};
	if (!image_only)
		name_build_parts(release, names);

	/* Of a kernel that runs it is known which version: it may not be the newest any more. */
	g_autofree char *banner = kernel_running_banner(release);
	names->version = banner ? versions_of_banner(banner) : NULL;
}

/* The first package of a name, and of a version unless that is NULL. */
static const struct deb *find(const GPtrArray *debs, const char *name, const char *version)
{
	for (guint i = 0; i < debs->len; i++) {
		const struct deb *deb = g_ptr_array_index(debs, i);

		if (!strcmp(deb->name, name) && (!version || !strcmp(deb->version, version)))
			return deb;
	}
	return NULL;
}

/* The first part that is needed and not there in a version, or NEEDED. */
static int first_missing(const GPtrArray *debs, const struct names *names, const char *version)
{
	int i = 0;

	while (i < NEEDED && (!names->of[i] || find(debs, names->of[i], version)))
		i++;
	return i;
}

static gboolean is_newer(const char *version, const char *than)
{
	const char *argv[] = {"dpkg", "--compare-versions", version, "gt", than, NULL};
	struct process process = {.argv = argv};
	AUTO_PROCESS_RESULT result = {0};

	return process_run(&process, &result, NULL) && !result.status;
}

/* The newest version of the image, of those that are complete or of all; NULL if there is none. */
static const char *newest(const GPtrArray *debs, const struct names *names, gboolean complete)
{
	const char *best = NULL;

	for (guint i = 0; i < debs->len; i++) {
		const struct deb *deb = g_ptr_array_index(debs, i);

		if (strcmp(deb->name, names->of[IMAGE]) ||
		    (names->version && strcmp(deb->version, names->version)) ||
		    (complete && first_missing(debs, names, deb->version) < NEEDED))
			continue;
		if (!best || is_newer(deb->version, best))
			best = deb->version;
	}
	return best;
}

/* Says what is missing of the newest image there is. */
static void explain(const GPtrArray *debs, const struct names *names, const struct place *place,
		    GError **error)
{
	const char *version = newest(debs, names, FALSE);

	if (!version) {
		klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, place->name, place->hint,
			    "there is no %s%s%s", names->of[IMAGE],
			    names->version ? " of the running version " : "",
			    names->version ? names->version : "");
		return;
	}
	const char *name = names->of[first_missing(debs, names, version)];
	const struct deb *other = find(debs, name, NULL);

	if (other)
		klatch_fail(error, KLATCH_INPUT, WHAT, place->name, place->hint,
			    "%s is of version %s, but %s of version %s", names->of[IMAGE], version,
			    name, other->version);
	else
		klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, place->name, place->hint,
			    "there is no %s of version %s", name, version);
}

static char *path_of(const GPtrArray *debs, const char *name, const char *version)
{
	const struct deb *deb = name ? find(debs, name, version) : NULL;

	return deb ? g_strdup(deb->path) : NULL;
}

/* The newest complete version; without an error if there is none. */
static struct packages *choose(const GPtrArray *debs, const char *release,
			       const struct names *names)
{
	const char *version = newest(debs, names, TRUE);
	struct packages *packages;

	if (!version)
		return NULL;
	packages = g_new0(struct packages, 1);
	packages->release = g_strdup(release);
	packages->version = g_strdup(version);
	packages->image = path_of(debs, names->of[IMAGE], version);
	packages->binary = path_of(debs, names->of[BINARY], version);
	packages->modules = path_of(debs, names->of[MODULES], version);
	packages->headers = path_of(debs, names->of[HEADERS], version);
	packages->headers_common = path_of(debs, names->of[COMMON], version);
	packages->source = path_of(debs, names->of[SOURCE], version);
	packages->kbuild = path_of(debs, names->of[KBUILD], version);
	return packages;
}

/* Which packages to fetch so that the newest version that cache and archive have is whole. */
static GPtrArray *missing(GPtrArray *debs, const struct names *names, const struct place *place,
			  const char *configuration, GError **error)
{
	const char *wanted[PARTS + 1] = {NULL};
	GPtrArray *fetch;

	for (int i = 0, count = 0; i < PARTS; i++)
		if (names->of[i])
			wanted[count++] = names->of[i];

	g_autoptr(GPtrArray) offers = fetch_offers(wanted, configuration, error);

	if (!offers)
		return NULL;
	g_ptr_array_extend_and_steal(debs, g_steal_pointer(&offers));

	const char *version = newest(debs, names, TRUE);
	if (!version) {
		explain(debs, names, place, error);
		return NULL;
	}
	fetch = g_ptr_array_new();
	for (int i = 0; i < PARTS; i++) {
		const struct deb *deb = names->of[i] ? find(debs, names->of[i], version) : NULL;

		if (deb && !deb->path)
			g_ptr_array_add(fetch, (gpointer)deb);
	}
	return fetch;
}

static struct packages *from_directory(const char *directory, const char *release,
				       const struct names *names, GError **error)
{
	struct place place = {directory, "apt-get download NAME=VERSION fetches a package"};
	g_autoptr(GPtrArray) debs = deb_scan(directory, error);
	struct packages *packages = debs ? choose(debs, release, names) : NULL;

	if (debs && !packages)
		explain(debs, names, &place, error);
	return packages;
}

/* From the archive: with the lock of the packages held, which covers apt's own directories too. */
static gboolean fetch_missing(GPtrArray *debs, const char *directory,
			      const struct packages_wish *wish, const struct names *names,
			      GError **error)
{
	const struct place archive = {
		wish->suite ? wish->suite : "the archive",
		wish->suite
			? "is it a release of that suite, and of that version?"
			: "apt-get update, or --packages DIRECTORY with packages of one version"};
	g_autofree char *configuration = NULL;

	if (wish->suite && !(configuration = suite_configure(wish->suite, error)))
		return FALSE;
	g_autoptr(GPtrArray) fetch = missing(debs, names, &archive, configuration, error);
	return fetch && fetch_packages(fetch, directory, configuration, error);
}

static struct packages *complete_cache(const char *directory, const struct packages_wish *wish,
				       const struct names *names, struct progress *progress,
				       GError **error)
{
	g_autoptr(GPtrArray) debs = deb_scan(directory, error);
	struct packages *packages = debs ? choose(debs, wish->release, names) : NULL;

	if (!debs || packages)
		return packages;
	progress_report(progress, "fetching the packages", -1);
	if (!fetch_missing(debs, directory, wish, names, error))
		return NULL;
	return from_directory(directory, wish->release, names, error);
}

static struct packages *from_cache(const struct packages_wish *wish, const struct names *names,
				   struct progress *progress, GError **error)
{
	g_autofree char *cache = kernel_cache();
	g_autofree char *directory = g_build_filename(cache, "packages", NULL);
	struct packages *packages;
	int lock;

	if (!files_make_directory(directory, error))
		return NULL;
	lock = cache_lock("packages", FALSE, error);
	if (lock < 0)
		return NULL;
	packages = complete_cache(directory, wish, names, progress, error);
	close(lock);
	return packages;
}

struct packages *packages_get(const struct packages_wish *wish, struct progress *progress,
			      GError **error)
{
	__attribute__((cleanup(names_clear))) struct names names = {0};

	if (!kernel_check_release(wish->release, error))
		return NULL;
	name_parts(wish->release, wish->image_only, &names);
	progress_report(progress, "looking for the packages", -1);
	return wish->directory ? from_directory(wish->directory, wish->release, &names, error)
			       : from_cache(wish, &names, progress, error);
}

static const struct deb *newest_of(const GPtrArray *debs, const char *name)
{
	const struct deb *best = NULL;

	for (guint i = 0; i < debs->len; i++) {
		const struct deb *deb = g_ptr_array_index(debs, i);

		if (!strcmp(deb->name, name) && (!best || is_newer(deb->version, best->version)))
			best = deb;
	}
	return best;
}

/* With the lock of the packages held. */
static char *get_source(const char *directory, const char *name, char **version, GError **error)
{
	const char *const names[] = {name, NULL};
	g_autoptr(GPtrArray) debs = deb_scan(directory, error);
	const struct deb *deb = debs && *version ? find(debs, name, *version) : NULL;

	if (!debs || deb)
		return deb ? g_strdup(deb->path) : NULL;
	g_autoptr(GPtrArray) offers = fetch_offers(names, NULL, error);
	if (!offers)
		return NULL;
	g_ptr_array_extend_and_steal(debs, g_steal_pointer(&offers));
	deb = *version ? find(debs, name, *version) : newest_of(debs, name);
	if (!deb) {
		klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, name, "apt-get update",
			    "neither the cache nor the archive has version %s",
			    *version ? *version : "of any kind");
		return NULL;
	}
	if (!*version)
		*version = g_strdup(deb->version);
	deb = find(debs, name, *version); /* that of the cache, which comes first */
	if (deb->path)
		return g_strdup(deb->path);
	g_autoptr(GPtrArray) fetch = g_ptr_array_new();
	g_ptr_array_add(fetch, (gpointer)deb);
	if (!fetch_packages(fetch, directory, NULL, error))
		return NULL;
	g_autoptr(GPtrArray) fetched = deb_scan(directory, error);
	deb = fetched ? find(fetched, name, *version) : NULL;
	return deb ? g_strdup(deb->path) : NULL;
}

char *packages_source(guint series, char **version, struct progress *progress, GError **error)
{
	g_autofree char *cache = kernel_cache();
	g_autofree char *directory = g_build_filename(cache, "packages", NULL);
	g_autofree char *name = g_strdup_printf("linux-source-%u.%u", series / 1000, series % 1000);
	char *path;
	int lock;

	progress_report(progress, "looking for the source", -1);
	if (!files_make_directory(directory, error))
		return NULL;
	lock = cache_lock("packages", FALSE, error);
	if (lock < 0)
		return NULL;
	path = get_source(directory, name, version, error);
	close(lock);
	return path;
}

void packages_free(struct packages *packages)
{
	if (!packages)
		return;
	g_free(packages->release);
	g_free(packages->version);
	g_free(packages->image);
	g_free(packages->binary);
	g_free(packages->modules);
	g_free(packages->headers);
	g_free(packages->headers_common);
	g_free(packages->kbuild);
	g_free(packages->source);
	g_free(packages);
}
