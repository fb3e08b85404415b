/*
 * Prepared kernels in the cache: found, described, listed, removed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "kernel/cache.h"
#include "kernel/kernel.h"

/* Raised whenever what is kept of a kernel changes: those of another format are not opened. */
#define FORMAT 1
#define GROUP  "kernel"

/* The longest first: "amd64" is the end of the others. */
static const char *const flavours[] = {"cloud-amd64", "rt-amd64", "amd64"};

char *kernel_cache(void)
{
	const char *cache = g_getenv("KLATCH_CACHE");

	if (cache && *cache)
		return g_canonicalize_filename(cache, NULL);
	if (!geteuid())
		return g_strdup("/var/cache/klatch");
	return g_build_filename(g_get_user_cache_dir(), "klatch", NULL);
}

static char *kernels_directory(void)
{
	g_autofree char *cache = kernel_cache();

	return g_build_filename(cache, "kernels", NULL);
}

char *kernel_running(void)
{
	struct utsname name;

	return uname(&name) ? g_strdup("") : g_strdup(name.release);
}

static char *first_word(const char *text)
{
	return g_strndup(text, strcspn(text, " "));
}

char *kernel_running_banner(const char *release)
{
	g_autofree char *running = kernel_running();
	char *banner = NULL;

	if (!strcmp(running, release) && g_file_get_contents("/proc/version", &banner, NULL, NULL))
		g_strchomp(banner);
	return banner;
}

const char *kernel_flavour(const char *release)
{
	for (gsize i = 0; i < G_N_ELEMENTS(flavours); i++) {
		g_autofree char *end = g_strconcat("-", flavours[i], NULL);

		if (g_str_has_suffix(release, end))
			return flavours[i];
	}
	return NULL;
}

guint kernel_series(const char *release)
{
	guint major, minor;

	if (sscanf(release, "%3u.%3u.", &major, &minor) != 2)
		return 0;
	return major * 1000 + minor;
}

/* A '+' is in the releases of backports, too; but what precedes it there has no flavour. */
char *kernel_base(const char *name)
{
	const char *plus = strrchr(name, '+');
	g_autofree char *base = plus ? g_strndup(name, plus - name) : NULL;

	return base && plus[1] && kernel_flavour(base) ? g_steal_pointer(&base) : NULL;
}

/* What uname says on a kernel.  Caller frees. */
static char *release_of(const char *name)
{
	char *base = kernel_base(name);

	return base ? base : g_strdup(name);
}

gboolean kernel_check_release(const char *name, GError **error)
{
	static const char allowed[] = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS ".+~-_";
	g_autofree char *release = release_of(name);

	if (kernel_flavour(release) && kernel_series(release) &&
	    strspn(name, allowed) == strlen(name))
		return TRUE;
	klatch_fail(error, KLATCH_USAGE, "it is not a kernel that klatch knows", name,
		    "give a release as uname -r says it, such as 6.1.0-56-amd64",
		    "its name is not a version with one of Debian's flavours amd64, cloud-amd64, "
		    "rt-amd64");
	return FALSE;
}

struct kernel *kernel_new(const char *name, const char *version, const char *compiler_text,
			  const char *directory)
{
	g_autofree char *cache = kernel_cache();
	g_autofree char *base = kernel_base(name);
	const char *release = base ? base : name;
	g_autofree char *image_name = g_strconcat("vmlinuz-", release, NULL);
	struct kernel *kernel = g_new0(struct kernel, 1);

	kernel->name = g_strdup(name);
	kernel->release = g_strdup(release);
	kernel->version = g_strdup(version);
	kernel->flavour = g_strdup(kernel_flavour(release));
	kernel->compiler = first_word(compiler_text);
	kernel->compiler_text = g_strdup(compiler_text);
	kernel->series = kernel_series(release);

	kernel->directory = g_strdup(directory);
	kernel->vmlinuz = g_build_filename(directory, "image", "boot", image_name, NULL);
	kernel->vmlinux = g_build_filename(directory, "vmlinux", NULL);
	kernel->kallsyms = g_build_filename(directory, "kallsyms", NULL);
	kernel->symvers = g_build_filename(directory, "Module.symvers", NULL);
	kernel->modules = g_build_filename(directory, "image", "lib", "modules", release, NULL);
	kernel->build = g_build_filename(directory, "build", NULL);
	kernel->commands = g_build_filename(directory, "commands", NULL);
	kernel->includes = g_build_filename(directory, "includes", NULL);
	/* Compiled for a derived one, it would be the same. */
	g_autofree char *compiled = base ? kernel_directory(base) : g_strdup(directory);
	kernel->late = g_build_filename(compiled, "late", NULL);
	kernel->source = base ? g_build_filename(directory, "source", NULL)
			      : g_build_filename(cache, "sources", version, NULL);
	return kernel;
}

void kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return;
	g_free(kernel->name);
	g_free(kernel->release);
	g_free(kernel->version);
	g_free(kernel->flavour);
	g_free(kernel->compiler);
	g_free(kernel->compiler_text);
	g_free(kernel->directory);
	g_free(kernel->vmlinuz);
	g_free(kernel->vmlinux);
	g_free(kernel->kallsyms);
	g_free(kernel->symvers);
	g_free(kernel->modules);
	g_free(kernel->build);
	g_free(kernel->commands);
	g_free(kernel->includes);
	g_free(kernel->late);
	g_free(kernel->source);
	g_free(kernel);
}

gboolean kernel_save(const struct kernel *kernel, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = g_build_filename(kernel->directory, "kernel.ini", NULL);
	gsize size;

	g_key_file_set_integer(file, GROUP, "format", FORMAT);
	g_key_file_set_string(file, GROUP, "release", kernel->name);
	g_key_file_set_string(file, GROUP, "version", kernel->version);
	g_key_file_set_string(file, GROUP, "compiler_text", kernel->compiler_text);
	if (kernel->image_only)
		g_key_file_set_boolean(file, GROUP, "image_only", TRUE);
	g_autofree char *text = g_key_file_to_data(file, &size, NULL);
	return files_write(path, text, size, error);
}

/* The kernel in a directory, or NULL with the reason. */
static struct kernel *load(const char *name, const char *directory, const char **why)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = g_build_filename(directory, "kernel.ini", NULL);

	*why = "it is not in the cache";
	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return NULL;
	*why = "another version of klatch prepared it";
	if (g_key_file_get_integer(file, GROUP, "format", NULL) != FORMAT)
		return NULL;

	g_autofree char *says = g_key_file_get_string(file, GROUP, "release", NULL);
	g_autofree char *version = g_key_file_get_string(file, GROUP, "version", NULL);
	g_autofree char *compiler = g_key_file_get_string(file, GROUP, "compiler_text", NULL);
	*why = "its kernel.ini is damaged";
	if (g_strcmp0(says, name) || !version || !*version || strchr(version, '/') || !compiler)
		return NULL;
	struct kernel *kernel = kernel_new(name, version, compiler, directory);
	kernel->image_only = g_key_file_get_boolean(file, GROUP, "image_only", NULL);
	return kernel;
}

char *kernel_directory(const char *name)
{
	g_autofree char *kernels = kernels_directory();

	return g_build_filename(kernels, name, NULL);
}

static void fail_unprepared(const char *name, const char *why, GError **error)
{
	g_autofree char *base = kernel_base(name);
	g_autofree char *hint = g_strdup_printf("klatch kernel add %s%s", base ? base : name,
						base ? " --modules DIR" : "");

	klatch_fail(error, KLATCH_ENVIRONMENT, "the kernel is not prepared", name, hint, "%s", why);
}

/* A derived kernel links to what it was derived from, which must be there as it was then. */
static gboolean is_complete(const struct kernel *kernel, const char **why)
{
	g_autofree char *base = kernel_base(kernel->name);
	g_autofree char *directory = base ? kernel_directory(base) : NULL;
	const char *unused;
	AUTO(kernel) origin = base ? load(base, directory, &unused) : NULL;

	*why = "the kernel that it was derived from is not the one that it was then";
	return !base || (origin && !strcmp(origin->version, kernel->version));
}

struct kernel *kernel_open_image(const char *name, GError **error)
{
	g_autofree char *running = name ? NULL : kernel_running();

	if (!name)
		name = running;
	if (!kernel_check_release(name, error))
		return NULL;

	g_autofree char *directory = kernel_directory(name);
	const char *why;
	AUTO(kernel) kernel = load(name, directory, &why);
	if (kernel && is_complete(kernel, &why))
		return g_steal_pointer(&kernel);
	fail_unprepared(name, why, error);
	return NULL;
}

struct kernel *kernel_open(const char *name, GError **error)
{
	AUTO(kernel) kernel = kernel_open_image(name, error);

	if (kernel && kernel->image_only) {
		fail_unprepared(kernel->name, "only its image was added", error);
		return NULL;
	}
	return g_steal_pointer(&kernel);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *kernel_list(GError **error)
{
	g_autofree char *kernels = kernels_directory();
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDir) listing = g_dir_open(kernels, 0, &cause);
	GPtrArray *releases;
	const char *name;

	if (!listing && !g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		klatch_adopt(error, KLATCH_ENVIRONMENT, "the kernels can't be listed", kernels,
			     NULL, g_steal_pointer(&cause));
		return NULL;
	}
	releases = g_ptr_array_new_with_free_func(g_free);
	while (listing && (name = g_dir_read_name(listing))) {
		AUTO(kernel) kernel = kernel_open_image(name, NULL);

		if (kernel)
			g_ptr_array_add(releases, g_strdup(name));
	}
	g_ptr_array_sort(releases, compare_names);
	return releases;
}

/* The sources that kernels in the cache use, as a set of paths. */
static GHashTable *used_sources(GError **error)
{
	GHashTable *used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) releases = kernel_list(error);

	for (guint i = 0; releases && i < releases->len; i++) {
		AUTO(kernel) kernel = kernel_open(g_ptr_array_index(releases, i), NULL);

		if (kernel)
			g_hash_table_add(used, g_strdup(kernel->source));
	}
	if (!releases)
		g_clear_pointer(&used, g_hash_table_unref);
	return used;
}

static gboolean remove_unused(const char *sources, GError **error)
{
	g_autoptr(GHashTable) used = used_sources(error);
	g_autoptr(GDir) listing = used ? g_dir_open(sources, 0, NULL) : NULL;
	const char *name;

	while (listing && (name = g_dir_read_name(listing))) {
		g_autofree char *source = g_build_filename(sources, name, NULL);

		if (!g_hash_table_contains(used, source) && !files_remove_tree(source, error))
			return FALSE;
	}
	return used != NULL;
}

/*
 * Whoever adds a kernel holds the lock of sources with others, from before the source is unpacked
 * until the kernel is listed: so a source that nobody lists is also not about to be used.
 */
static gboolean remove_unused_sources(GError **error)
{
	g_autofree char *cache = kernel_cache();
	g_autofree char *sources = g_build_filename(cache, "sources", NULL);
	GError *cause = NULL;
	int lock = cache_try_lock("sources", &cause);
	gboolean good;

	if (cause) {
		g_propagate_error(error, cause);
		return FALSE;
	}
	if (lock < 0)
		return TRUE; /* they go with the next kernel that is removed */
	good = remove_unused(sources, error);
	close(lock);
	return good;
}

static gboolean move(const char *from, const char *to, GError **error)
{
	if (!rename(from, to))
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, "the kernel can't be moved", from, NULL, "to %s: %s",
		    to, g_strerror(errno));
	return FALSE;
}

/* Renames before it removes: a kernel that is listed is always whole. */
static gboolean discard(const char *directory, GError **error)
{
	g_autofree char *old = g_strconcat(directory, ".old", NULL);
	g_autofree char *aside = cache_partial(old, error);

	if (!aside || !g_file_test(directory, G_FILE_TEST_EXISTS))
		return aside != NULL;
	return move(directory, aside, error) && files_remove_tree(aside, error);
}

gboolean kernel_replace(const char *made, const char *directory, GError **error)
{
	return discard(directory, error) && move(made, directory, error);
}

/* KLATCH_USAGE if another kernel links to this one. */
static gboolean check_unused(const char *name, GError **error)
{
	g_autoptr(GPtrArray) names = kernel_list(error);

	for (guint i = 0; names && i < names->len; i++) {
		g_autofree char *base = kernel_base(names->pdata[i]);

		if (g_strcmp0(base, name))
			continue;
		g_autofree char *hint =
			g_strconcat("klatch kernel rm ", (char *)names->pdata[i], NULL);
		klatch_fail(error, KLATCH_USAGE, "the kernel can't be removed", name, hint,
			    "%s was derived from it", (char *)names->pdata[i]);
		return FALSE;
	}
	return names != NULL;
}

/* Also one that an older klatch prepared, which kernel_open() refuses. */
gboolean kernel_remove(const char *name, GError **error)
{
	g_autofree char *directory = kernel_directory(name);
	int lock;
	gboolean good;

	if (!kernel_check_release(name, error))
		return FALSE;
	if (!g_file_test(directory, G_FILE_TEST_IS_DIR)) {
		klatch_fail(error, KLATCH_ENVIRONMENT, "the kernel can't be removed", name, NULL,
			    "it is not in the cache");
		return FALSE;
	}
	lock = cache_lock(name, FALSE, error);
	if (lock < 0)
		return FALSE;
	good = check_unused(name, error) && discard(directory, error) &&
	       remove_unused_sources(error);
	close(lock);
	return good;
}
