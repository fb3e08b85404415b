/*
 * apt-cache and apt-get, as the machine's own sources are configured or by a configuration of ours.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "kernel/cache.h"
#include "kernel/deb.h"
#include "kernel/fetch.h"

gboolean fetch_apt(const char *const *argv, const char *configuration, const char *directory,
		   const char *what, struct process_result *result, GError **error)
{
	g_autofree char *own = g_strconcat("APT_CONFIG=", configuration, NULL);
	const char *environment[] = {"LC_ALL=C", configuration ? own : NULL, NULL};
	struct process process = {.argv = argv, .directory = directory, .environment = environment};

	return process_check(&process, what, result, error);
}

/* " linux-source-6.1 | 6.1.192-2 | http://... Packages" */
static struct deb *parse_offer(const char *line)
{
	g_auto(GStrv) fields = g_strsplit(line, "|", 3);

	if (g_strv_length(fields) != 3)
		return NULL;
	return deb_new(g_strstrip(fields[0]), g_strstrip(fields[1]), NULL);
}

GPtrArray *fetch_offers(const char *const *names, const char *configuration, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	AUTO_PROCESS_RESULT result = {0};

	g_ptr_array_add(argv, (char *)"apt-cache");
	g_ptr_array_add(argv, (char *)"madison");
	for (; *names; names++)
		g_ptr_array_add(argv, (char *)*names);
	g_ptr_array_add(argv, NULL);

	if (!fetch_apt((const char *const *)argv->pdata, configuration, NULL,
		       "asking apt for the packages", &result, error))
		return NULL;

	GPtrArray *offers = g_ptr_array_new_with_free_func((GDestroyNotify)deb_free);
	g_auto(GStrv) lines = g_strsplit(result.output, "\n", -1);
	for (char **line = lines; *line; line++) {
		struct deb *offer = parse_offer(*line);

		if (offer)
			g_ptr_array_add(offers, offer);
	}
	return offers;
}

static gboolean download(const GPtrArray *debs, const char *directory, const char *configuration,
			 GError **error)
{
	/* The directory is the caller's own: apt's unprivileged user may not write there. */
	static const char *const command[] = {"apt-get", "-q", "-o", "APT::Sandbox::User=root",
					      "download"};
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	AUTO_PROCESS_RESULT result = {0};

	for (gsize i = 0; i < G_N_ELEMENTS(command); i++)
		g_ptr_array_add(argv, g_strdup(command[i]));
	for (guint i = 0; i < debs->len; i++) {
		const struct deb *deb = g_ptr_array_index(debs, i);

		g_ptr_array_add(argv, g_strdup_printf("%s=%s", deb->name, deb->version));
	}
	g_ptr_array_add(argv, NULL);

	return fetch_apt((const char *const *)argv->pdata, configuration, directory,
			 "fetching the packages", &result, error);
}

/* Whether each was fetched, as its own control file says. */
static gboolean check(const GPtrArray *debs, const GPtrArray *fetched, GError **error)
{
	for (guint i = 0; i < debs->len; i++) {
		const struct deb *wanted = g_ptr_array_index(debs, i);
		gboolean found = FALSE;

		for (guint j = 0; j < fetched->len; j++) {
			const struct deb *deb = g_ptr_array_index(fetched, j);

			found |= !strcmp(deb->name, wanted->name) &&
				 !strcmp(deb->version, wanted->version);
		}
		if (!found) {
			klatch_fail(error, KLATCH_ENVIRONMENT, "a package can't be fetched",
				    wanted->name, NULL,
				    "apt-get download left no package of version %s",
				    wanted->version);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean move_to(const GPtrArray *fetched, const char *directory, GError **error)
{
	for (guint i = 0; i < fetched->len; i++) {
		const struct deb *deb = g_ptr_array_index(fetched, i);
		g_autofree char *name = g_path_get_basename(deb->path);
		g_autofree char *path = g_build_filename(directory, name, NULL);

		if (rename(deb->path, path)) {
			klatch_fail(error, KLATCH_ENVIRONMENT, "a package can't be kept", path,
				    NULL, "%s", g_strerror(errno));
			return FALSE;
		}
	}
	return TRUE;
}

gboolean fetch_packages(const GPtrArray *debs, const char *directory, const char *configuration,
			GError **error)
{
	g_autofree char *base = g_build_filename(directory, "fetch", NULL);
	g_autofree char *aside = cache_partial(base, error);

	if (!aside || !files_make_directory(aside, error))
		return FALSE;

	g_autoptr(GPtrArray) fetched = NULL;
	gboolean good = download(debs, aside, configuration, error) &&
			(fetched = deb_scan(aside, error)) && check(debs, fetched, error) &&
			move_to(fetched, directory, error);
	return files_remove_tree(aside, good ? error : NULL) && good;
}
