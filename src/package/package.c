/*
 * What a package is to be: its livepatches, checked against each other, and its name and version.
 */
#include "package/package.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "package/inside.h"

#define WHAT "the package can't be made"

/* --- livepatches that go together ------------------------------------------------------------ */

static void free_livepatch(gpointer livepatch)
{
	package_livepatch_free(livepatch);
}

static gboolean refuse(GError **error, const char *path, const char *hint, const char *why,
		       const char *other)
{
	klatch_fail(error, KLATCH_REFUSED, WHAT, path, hint, "%s %s", why, other);
	return FALSE;
}

/* Whether a livepatch can be in a package with the one that came first. */
static gboolean goes_with(const struct package_livepatch *livepatch, const char *path,
			  const struct package *package, const char *first_path, GError **error)
{
	const struct package_livepatch *first = package->livepatches->pdata[0];
	g_autofree char *releases = g_strdup_printf("it is for the kernel %s, but %s for",
						    livepatch->release, first_path);

	if (strcmp(livepatch->release, first->release))
		return refuse(error, path, "make a package for each release", releases,
			      first->release);
	for (guint i = 0; i < package->livepatches->len; i++) {
		const struct package_livepatch *other = package->livepatches->pdata[i];

		if (!strcmp(other->name, livepatch->name))
			return refuse(error, path, "build it with another --name",
				      "there is another livepatch of its name,", other->name);
	}
	if (first->tables->replace || livepatch->tables->replace)
		return refuse(error, first->tables->replace ? first_path : path,
			      "make one livepatch of all patches, or build with --no-replace",
			      "loaded, it would take the place of",
			      first->tables->replace ? path : first_path);
	return TRUE;
}

static gboolean read_livepatches(struct package *package, const char *const *files, GError **error)
{
	for (gsize i = 0; files[i]; i++) {
		AUTO(package_livepatch) livepatch = package_livepatch(files[i], error);

		if (!livepatch || (i && !goes_with(livepatch, files[i], package, files[0], error)))
			return FALSE;
		g_ptr_array_add(package->livepatches, g_steal_pointer(&livepatch));
	}
	package->release = ((struct package_livepatch *)package->livepatches->pdata[0])->release;
	return TRUE;
}

/* --- name, version, date --------------------------------------------------------------------- */

static gboolean check_text(const char *text, const char *pattern, const char *why, GError **error)
{
	if (g_regex_match_simple(pattern, text, G_REGEX_DOLLAR_ENDONLY, 0))
		return TRUE;
	klatch_fail(error, KLATCH_USAGE, WHAT, text, NULL, "%s", why);
	return FALSE;
}

/* What a package may be called is less than what a kernel may be. */
static char *name_of(const char *release, const char *name)
{
	g_autofree char *whole = g_strdup_printf("klatch-livepatch-%s%s%s", release,
						 name ? "-" : "", name ? name : "");
	g_autofree char *lower = g_ascii_strdown(whole, -1);

	g_strdelimit(lower, "_~", '-');
	return g_steal_pointer(&lower);
}

static gint64 newest(const char *const *files)
{
	gint64 date = 0;
	GStatBuf status;

	for (gsize i = 0; files[i]; i++)
		if (!g_stat(files[i], &status))
			date = MAX(date, (gint64)status.st_mtim.tv_sec);
	return date;
}

/* It sorts before each version that somebody would give, and after those of earlier dates. */
static char *version_of(gint64 date)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(date);

	return time ? g_date_time_format(time, "0.%Y%m%d.%H%M%S") : g_strdup("0");
}

static gboolean check_texts(const struct package *package, GError **error)
{
	return check_text(package->name, "^[a-z0-9][a-z0-9.+-]+$",
			  "a package can't have this name: letters, digits, '.', '+' and '-' may "
			  "be in it",
			  error) &&
	       check_text(package->version, "^([0-9]+:)?[0-9][A-Za-z0-9.+~-]*$",
			  "a package can't have this version: it begins with a digit, and has "
			  "letters, digits, '.', '+', '~' and '-'",
			  error) &&
	       check_text(package->maintainer, "^[^\\n<>]*[^\\s<>]+ <[^\\s<>]+@[^\\s<>]+>$",
			  "a maintainer is \"NAME <ADDRESS>\"", error);
}

struct package *package_new(const struct package_wish *wish, GError **error)
{
	AUTO(package) package = g_new0(struct package, 1);

	package->livepatches = g_ptr_array_new_with_free_func(free_livepatch);
	if (!read_livepatches(package, wish->files, error))
		return NULL;
	package->date = wish->date < 0 ? newest(wish->files) : wish->date;
	package->name = name_of(package->release, wish->name);
	package->version = wish->version ? g_strdup(wish->version) : version_of(package->date);
	package->maintainer = g_strdup(wish->maintainer);
	package->phased = wish->phased;
	return check_texts(package, error) ? g_steal_pointer(&package) : NULL;
}

void package_free(struct package *package)
{
	g_ptr_array_unref(package->livepatches);
	g_free(package->name);
	g_free(package->version);
	g_free(package->maintainer);
	g_free(package);
}

char *package_file_name(const struct package *package)
{
	const char *epoch = strchr(package->version, ':');

	return g_strdup_printf("%s_%s_" PACKAGE_ARCHITECTURE ".deb", package->name,
			       epoch ? epoch + 1 : package->version);
}
