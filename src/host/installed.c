/*
 * Livepatches kept for the next boots.
 */
#include "host/installed.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "check/tables.h"
#include "elf/object.h"
#include "host/check.h"
#include "kernel/modules.h"

#define DIRECTORY "klatch"
#define LOCK	  "loading"
#define DISABLE	  "klatch.disable"

static char *directory_of(const struct host *host, const char *release)
{
	return g_build_filename(host->modules, release, DIRECTORY, NULL);
}

char *installed_path(const struct host *host, const char *release, const char *name)
{
	g_autofree char *directory = directory_of(host, release);

	return g_strdup_printf("%s/%s.ko", directory, name);
}

/* --- the list -------------------------------------------------------------------------------- */

struct installed {
	char *name;
	struct timespec time;
};

static void installed_clear(gpointer data)
{
	g_free(((struct installed *)data)->name);
}

static gint by_time(gconstpointer a, gconstpointer b)
{
	const struct installed *left = a, *right = b;

	if (left->time.tv_sec != right->time.tv_sec)
		return left->time.tv_sec < right->time.tv_sec ? -1 : 1;
	if (left->time.tv_nsec != right->time.tv_nsec)
		return left->time.tv_nsec < right->time.tv_nsec ? -1 : 1;
	return strcmp(left->name, right->name);
}

static GArray *list_installed(const char *directory)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(struct installed));
	g_autoptr(GPtrArray) files = host_names(directory, NULL);

	g_array_set_clear_func(list, installed_clear);
	for (guint i = 0; i < files->len; i++) {
		const char *file = files->pdata[i];
		g_autofree char *path = g_build_filename(directory, file, NULL);
		struct installed one;
		GStatBuf status;

		if (!g_str_has_suffix(file, ".ko") || g_stat(path, &status))
			continue;
		one.name = g_strndup(file, strlen(file) - strlen(".ko"));
		one.time = status.st_mtim;
		g_array_append_val(list, one);
	}
	g_array_sort(list, by_time);
	return list;
}

GPtrArray *installed_names(const struct host *host, const char *release)
{
	g_autofree char *directory = directory_of(host, release);
	g_autoptr(GArray) list = list_installed(directory);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < list->len; i++)
		g_ptr_array_add(names, g_strdup(g_array_index(list, struct installed, i).name));
	return names;
}

GPtrArray *installed_releases(const struct host *host)
{
	g_autoptr(GPtrArray) all = host_names(host->modules, NULL);
	GPtrArray *releases = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < all->len; i++) {
		g_autoptr(GPtrArray) names = installed_names(host, all->pdata[i]);

		if (names->len)
			g_ptr_array_add(releases, g_strdup(all->pdata[i]));
	}
	return releases;
}

/* --- changes --------------------------------------------------------------------------------- */

static gboolean fail_errno(GError **error, const char *what, const char *path, int number)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, what, path, NULL, "%s", g_strerror(number));
	return FALSE;
}

/* Both become parts of paths. */
static gboolean is_safe(const char *text)
{
	return *text && *text != '.' && !strchr(text, '/');
}

struct candidate {
	char *name, *release;
	gboolean replace; /* it ends all others */
};

static void candidate_clear(struct candidate *candidate)
{
	g_free(candidate->name);
	g_free(candidate->release);
}

static gboolean read_candidate(GBytes *file, const char *path, struct candidate *candidate,
			       GError **error)
{
	AUTO(tables) tables = NULL;
	AUTO(object) object = livepatch_read(file, path, &tables, error);
	g_autofree char *magic = object ? modules_info(object, "vermagic") : NULL;

	candidate->name = tables ? host_livepatch_name(path, error) : NULL;
	if (!candidate->name)
		return FALSE;
	candidate->release = g_strndup(magic ? magic : "", magic ? strcspn(magic, " ") : 0);
	candidate->replace = tables->replace;
	if (is_safe(candidate->name) && is_safe(candidate->release))
		return TRUE;
	klatch_fail(error, KLATCH_INPUT, "this is no livepatch", path, NULL,
		    "its name or its kernel's release can't be one");
	return FALSE;
}

static gboolean remove_others(const struct host *host, const struct candidate *candidate,
			      GError **error)
{
	g_autoptr(GPtrArray) names = installed_names(host, candidate->release);

	for (guint i = 0; i < names->len; i++)
		if (strcmp(names->pdata[i], candidate->name) &&
		    !installed_remove(host, candidate->release, names->pdata[i], error))
			return FALSE;
	return TRUE;
}

gboolean installed_add(const struct host *host, const char *path, char **name, char **release,
		       GError **error)
{
	__attribute__((cleanup(candidate_clear))) struct candidate candidate = {0};
	g_autoptr(GBytes) file = files_map(path, error);
	gsize size;

	if (!file || !read_candidate(file, path, &candidate, error))
		return FALSE;
	g_autofree char *modules = g_build_filename(host->modules, candidate.release, NULL);
	g_autofree char *directory = directory_of(host, candidate.release);
	g_autofree char *target = installed_path(host, candidate.release, candidate.name);
	if (!g_file_test(modules, G_FILE_TEST_IS_DIR)) {
		klatch_fail(error, KLATCH_REFUSED, "the livepatch can't be installed", path,
			    "install that kernel first", "there is no kernel %s on this machine",
			    candidate.release);
		return FALSE;
	}
	const void *data = g_bytes_get_data(file, &size);
	if (!files_make_directory(directory, error) || !files_write(target, data, size, error))
		return FALSE;
	if (candidate.replace && !remove_others(host, &candidate, error))
		return FALSE;
	*name = g_steal_pointer(&candidate.name);
	*release = g_steal_pointer(&candidate.release);
	return TRUE;
}

gboolean installed_remove(const struct host *host, const char *release, const char *name,
			  GError **error)
{
	g_autofree char *directory = directory_of(host, release);
	g_autofree char *path = installed_path(host, release, name);
	g_autoptr(GPtrArray) left = NULL;

	if (!is_safe(name) || (g_unlink(path) && errno == ENOENT)) {
		klatch_fail(error, KLATCH_REFUSED, "there is no such livepatch", name, NULL,
			    "none of this name is installed for %s", release);
		return FALSE;
	}
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return fail_errno(error, "the livepatch can't be removed", path, errno);
	left = installed_names(host, release);
	return left->len || files_remove_tree(directory, error);
}

/* --- boots ----------------------------------------------------------------------------------- */

gboolean boot_is_disabled(const struct host *host)
{
	g_autofree char *line = host_text(host->proc, "cmdline", NULL);
	g_auto(GStrv) words = g_strsplit_set(line ? line : "", " \n", -1);

	return g_strv_contains((const char *const *)words, DISABLE);
}

static char *lock_path(const struct host *host, const char *release)
{
	g_autofree char *directory = directory_of(host, release);

	return g_build_filename(directory, LOCK, NULL);
}

/* Another one at each boot.  Caller frees. */
static char *boot_id(const struct host *host)
{
	char *id = host_text(host->proc, "sys/kernel/random/boot_id", NULL);

	return id ? id : g_strdup("unknown");
}

gboolean boot_is_locked(const struct host *host, const char *release)
{
	g_autofree char *path = lock_path(host, release);
	g_autofree char *id = boot_id(host);
	g_autofree char *lock = host_text(path, NULL);

	return lock && strcmp(lock, id);
}

/* A name that was made or removed is on the disk when its directory is. */
static gboolean flush_directory(const char *directory, GError **error)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int number = fd < 0 || fsync(fd) ? errno : 0;

	if (fd >= 0)
		close(fd);
	return !number || fail_errno(error, "the boot can't be made safe", directory, number);
}

gboolean boot_lock(const struct host *host, const char *release, GError **error)
{
	g_autofree char *directory = directory_of(host, release);
	g_autofree char *path = lock_path(host, release);
	g_autofree char *id = boot_id(host);

	return files_write(path, id, strlen(id), error) && flush_directory(directory, error);
}

gboolean boot_unlock(const struct host *host, const char *release, GError **error)
{
	g_autofree char *path = lock_path(host, release);

	if (boot_is_locked(host, release) || !g_unlink(path) || errno == ENOENT)
		return TRUE;
	return fail_errno(error, "the lock of the boot can't be removed", path, errno);
}
