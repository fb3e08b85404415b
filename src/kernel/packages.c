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
#include "kernel/versions.h"

#define WHAT "the kernel's packages can't be had"

enum part { IMAGE, HEADERS, COMMON, SOURCE, NEEDED, KBUILD = NEEDED, PARTS };

struct names {
	char *of[PARTS + 1]; /* NULL at the end */
	char *version;	     /* the only one that will do, or NULL */
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

static void name_parts(const char *release, struct names *names)
{
	const char *flavour = kernel_flavour(release);
	gboolean realtime = g_str_has_prefix(flavour, "rt-");
	guint series = kernel_series(release), major = series / 1000, minor = series % 1000;
	g_autofree char *abi = g_strndup(release, strlen(release) - strlen(flavour) - 1);

	*names = (struct names){
		.of = {
			[IMAGE] = g_strconcat("linux-image-", release, NULL),
			[HEADERS] = g_strconcat("linux-headers-", release, NULL),
			[COMMON] = g_strconcat("linux-headers-", abi, "-common",
					       realtime ? "-rt" : NULL, NULL),
			[SOURCE] = g_strdup_printf("linux-source-%u.%u", major, minor),
			[KBUILD] = g_strdup_printf("linux-kbuild-%u.%u", major, minor),
		}};

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

	while (i < NEEDED && find(debs, names->of[i], version))
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
	const struct deb *deb = find(debs, name, version);

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
	packages->headers = path_of(debs, names->of[HEADERS], version);
	packages->headers_common = path_of(debs, names->of[COMMON], version);
	packages->source = path_of(debs, names->of[SOURCE], version);
	packages->kbuild = path_of(debs, names->of[KBUILD], version);
	return packages;
}

/* Which packages to fetch so that the newest version that cache and archive have is whole. */
static GPtrArray *missing(GPtrArray *debs, const struct names *names, const struct place *place,
			  GError **error)
{
	g_autoptr(GPtrArray) offers = fetch_offers((const char *const *)names->of, error);
	GPtrArray *fetch;

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
		const struct deb *deb = find(debs, names->of[i], version);

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

/* With the lock of the packages held. */
static struct packages *complete_cache(const char *directory, const char *release,
				       const struct names *names, struct progress *progress,
				       GError **error)
{
	static const struct place archive = {
		"the archive",
		"apt-get update, or --packages DIRECTORY with packages of one version"};
	g_autoptr(GPtrArray) debs = deb_scan(directory, error);
	struct packages *packages = debs ? choose(debs, release, names) : NULL;

	if (!debs || packages)
		return packages;

	g_autoptr(GPtrArray) fetch = missing(debs, names, &archive, error);
	progress_report(progress, "fetching the packages", -1);
	if (!fetch || !fetch_packages(fetch, directory, error))
		return NULL;

	return from_directory(directory, release, names, error);
}

static struct packages *from_cache(const char *release, const struct names *names,
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
	packages = complete_cache(directory, release, names, progress, error);
	close(lock);
	return packages;
}

struct packages *packages_get(const char *release, const char *directory, struct progress *progress,
			      GError **error)
{
	__attribute__((cleanup(names_clear))) struct names names = {0};

	if (!kernel_check_release(release, error))
		return NULL;
	name_parts(release, &names);
	progress_report(progress, "looking for the packages", -1);
	return directory ? from_directory(directory, release, &names, error)
			 : from_cache(release, &names, progress, error);
}

void packages_free(struct packages *packages)
{
	if (!packages)
		return;
	g_free(packages->release);
	g_free(packages->version);
	g_free(packages->image);
	g_free(packages->headers);
	g_free(packages->headers_common);
	g_free(packages->kbuild);
	g_free(packages->source);
	g_free(packages);
}
