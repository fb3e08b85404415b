/*
 * Locks are flock(2) on files of <cache>/locks, which are never removed: removing one would let two
 * processes hold what they take for the same lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "kernel/cache.h"
#include "kernel/kernel.h"

#define PARTIAL ".partial-"

static int take(const char *name, int operation, GError **error)
{
	g_autofree char *cache = kernel_cache();
	g_autofree char *directory = g_build_filename(cache, "locks", NULL);
	g_autofree char *path = g_build_filename(directory, name, NULL);
	int lock, status;

	if (!files_make_directory(directory, error))
		return -1;
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	do
		status = lock < 0 ? -1 : flock(lock, operation);
	while (status && errno == EINTR);
	if (!status)
		return lock;
	if (lock < 0 || errno != EWOULDBLOCK)
		klatch_fail(error, KLATCH_ENVIRONMENT, "the cache can't be locked", path, NULL,
			    "%s", g_strerror(errno));
	if (lock >= 0)
		close(lock);
	return -1;
}

int cache_lock(const char *name, gboolean shared, GError **error)
{
	return take(name, shared ? LOCK_SH : LOCK_EX, error);
}

int cache_try_lock(const char *name, GError **error)
{
	return take(name, LOCK_EX | LOCK_NB, error);
}

static gboolean remove_partials(const char *directory, const char *prefix, GError **error)
{
	g_autoptr(GDir) listing = g_dir_open(directory, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		if (g_str_has_prefix(name, prefix) && !files_remove_tree(path, error))
			return FALSE;
	}
	return TRUE;
}

char *cache_partial(const char *base, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(base);
	g_autofree char *name = g_path_get_basename(base);
	g_autofree char *prefix = g_strconcat(name, PARTIAL, NULL);

	if (!remove_partials(directory, prefix, error))
		return NULL;
	return g_strdup_printf("%s" PARTIAL "%d", base, (int)getpid());
}
