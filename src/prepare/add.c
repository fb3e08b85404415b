/*
 * The way of a kernel into the cache: each stage is one function over struct addition, and the
 * table at the end runs and times them.
 *
 * All is made in a directory beside the final one and renamed when kernel.ini, the last file, is
 * written: what is listed is whole.  The lock of the release is held meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/stages.h"
#include "kernel/cache.h"
#include "kernel/exports.h"
#include "kernel/kallsyms.h"
#include "kernel/modules.h"
#include "kernel/packages.h"
#include "kernel/versions.h"
#include "kernel/vmlinuz.h"
#include "link/runtime.h"
#include "prepare/add.h"
#include "tree/commands.h"
#include "tree/includes.h"
#include "tree/tree.h"

struct addition {
	const struct packages_wish *wish;
	struct progress *progress;
	struct packages *packages;
	char *partial;	       /* where the kernel is made */
	char *headers;	       /* the headers package there, removed at the end */
	struct kernel *kernel; /* below `partial` */
};

typedef gboolean step_function(struct addition *addition, GError **error);

struct step {
	struct addition *addition;
	step_function *run;
	GError *error;
};

static gpointer run_step(gpointer data)
{
	struct step *step = data;

	return GINT_TO_POINTER(step->run(step->addition, &step->error));
}

/*
 * Runs two steps at the same time: `here` in this thread, which alone may report progress, and
 * `aside` in another.
 */
static gboolean run_both(struct addition *addition, step_function *here, step_function *aside,
			 GError **error)
{
	struct step other = {.addition = addition, .run = aside};
	GThread *thread = g_thread_new("klatch", run_step, &other);
	gboolean good = here(addition, error);
	gboolean other_good = GPOINTER_TO_INT(g_thread_join(thread));

	if (good && !other_good)
		g_propagate_error(error, g_steal_pointer(&other.error));
	g_clear_error(&other.error);
	return good && other_good;
}

/* Unpacks what names the compiler, so that the kernel can be described. */
static gboolean stage_packages(struct addition *addition, GError **error)
{
	const char *release = addition->wish->release;
	g_autofree char *place = g_build_filename(addition->partial, "headers", NULL);
	g_autofree char *prefix = g_strdup_printf("usr/src/linux-headers-%s/", release);
	const char *prefixes[] = {prefix, NULL};

	addition->packages = packages_get(addition->wish, addition->progress, error);
	if (!addition->packages ||
	    !packages_unpack(addition->packages->headers, place, prefixes, error))
		return FALSE;
	addition->headers = g_build_filename(place, prefix, NULL);

	g_autofree char *compiler = versions_compiler(addition->headers, error);
	if (!compiler)
		return FALSE;
	addition->kernel =
		kernel_new(release, addition->packages->version, compiler, addition->partial);
	return TRUE;
}

static gboolean unpack_source(struct addition *addition, GError **error)
{
	return tree_unpack(addition->packages->source, addition->kernel->source, addition->progress,
			   error);
}

/* Where the image is in a package of its own it is beside the modules. */
static gboolean move_vmlinuz(const char *image, const char *release, GError **error)
{
	g_autofree char *boot = g_build_filename(image, "boot", NULL);
	g_autofree char *name = g_strconcat("vmlinuz-", release, NULL);
	g_autofree char *to = g_build_filename(boot, name, NULL);
	g_autofree char *from = g_build_filename(image, "lib/modules", release, "vmlinuz", NULL);

	if (g_file_test(to, G_FILE_TEST_EXISTS))
		return TRUE;
	if (!files_make_directory(boot, error))
		return FALSE;
	if (!rename(from, to))
		return TRUE;
	klatch_fail(error, KLATCH_ENVIRONMENT, "the image can't be unpacked", from, NULL, "%s",
		    g_strerror(errno));
	return FALSE;
}

/* From Debian 13 on modules are in /usr/lib; depmod and libkmod look for them in /lib. */
static gboolean unpack_image(struct addition *addition, GError **error)
{
	static const char *const prefixes[] = {"boot/vmlinuz-", "lib/modules/", "usr/lib/modules/",
					       NULL};
	const struct packages *packages = addition->packages;
	const char *const from[] = {packages->image, packages->binary, packages->modules};
	g_autofree char *image = g_build_filename(addition->partial, "image", NULL);
	g_autofree char *link = g_build_filename(image, "lib", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(from); i++)
		if (from[i] && !packages_unpack(from[i], image, prefixes, error))
			return FALSE;
	if (!g_file_test(link, G_FILE_TEST_EXISTS) && symlink("usr/lib", link)) {
		klatch_fail(error, KLATCH_ENVIRONMENT, "the image can't be unpacked", link, NULL,
			    "%s", g_strerror(errno));
		return FALSE;
	}
	return move_vmlinuz(image, addition->wish->release, error) &&
	       modules_index(image, addition->wish->release, error);
}

static gboolean check_versions(struct addition *addition, GBytes *vmlinux, GError **error)
{
	g_autofree char *banner = vmlinuz_banner(vmlinux);
	const char *release = addition->wish->release;
	g_autofree char *running = kernel_running_banner(release);

	return versions_check(release, addition->packages->version, addition->headers,
			      banner ? banner : "", running, error);
}

static gboolean write_vmlinux(const struct kernel *kernel, GBytes *vmlinux, GError **error)
{
	AUTO(kallsyms) kallsyms = kallsyms_decode(vmlinux, kernel->vmlinuz, error);
	if (!kallsyms)
		return FALSE;

	g_autofree char *text = kallsyms_format(kallsyms);
	gsize size;
	const void *data = g_bytes_get_data(vmlinux, &size);
	return files_write(kernel->kallsyms, text, strlen(text), error) &&
	       files_write(kernel->vmlinux, data, size, error);
}

static GBytes *extract_vmlinux(const char *path, GError **error)
{
	g_autoptr(GBytes) vmlinuz = files_map(path, error);

	return vmlinuz ? vmlinuz_extract(vmlinuz, path, error) : NULL;
}

static gboolean read_image(struct addition *addition, GError **error)
{
	if (!unpack_image(addition, error))
		return FALSE;
	g_autoptr(GBytes) vmlinux = extract_vmlinux(addition->kernel->vmlinuz, error);
	return vmlinux && check_versions(addition, vmlinux, error) &&
	       write_vmlinux(addition->kernel, vmlinux, error);
}

static gboolean stage_unpack(struct addition *addition, GError **error)
{
	return run_both(addition, unpack_source, read_image, error);
}

static gboolean stage_prepare(struct addition *addition, GError **error)
{
	const struct kernel *kernel = addition->kernel;

	return tree_prepare(kernel->source, addition->headers, kernel->build, kernel->release,
			    kernel->compiler, kernel->compiler_text, addition->progress, error);
}

static gboolean stage_commands(struct addition *addition, GError **error)
{
	const struct kernel *kernel = addition->kernel;

	return commands_make(kernel->source, kernel->build, kernel->release, kernel->compiler,
			     kernel->commands, addition->progress, error);
}

static gboolean make_includes(struct addition *addition, GError **error)
{
	const struct kernel *kernel = addition->kernel;

	progress_report(addition->progress, "indexing the includes", -1);
	return includes_make(kernel->source, kernel->build, kernel->includes, error);
}

static gboolean compile_runtime(struct addition *addition, GError **error)
{
	return runtime_compile(addition->kernel, error);
}

/* Both read the output tree, to which the stage before still added. */
static gboolean stage_index(struct addition *addition, GError **error)
{
	return run_both(addition, make_includes, compile_runtime, error);
}

static gboolean keep_exports(struct addition *addition, GError **error)
{
	g_autofree char *symvers = g_build_filename(addition->headers, "Module.symvers", NULL);
	AUTO(exports) exports = exports_read(symvers, error);

	if (!exports)
		return FALSE;
	if (rename(symvers, addition->kernel->symvers)) {
		klatch_fail(error, KLATCH_ENVIRONMENT, "the exports can't be kept", symvers, NULL,
			    "%s", g_strerror(errno));
		return FALSE;
	}
	return TRUE;
}

static gboolean put_in_place(struct addition *addition, GError **error)
{
	g_autofree char *final = kernel_directory(addition->wish->release);

	return kernel_save(addition->kernel, error) &&
	       kernel_replace(addition->partial, final, error);
}

static gboolean stage_finish(struct addition *addition, GError **error)
{
	g_autofree char *headers = g_build_filename(addition->partial, "headers", NULL);

	return keep_exports(addition, error) && files_remove_tree(headers, error) &&
	       put_in_place(addition, error);
}

/* The image alone: what it is, it says itself. */
static gboolean stage_image_packages(struct addition *addition, GError **error)
{
	addition->packages = packages_get(addition->wish, addition->progress, error);
	return addition->packages != NULL;
}

static gboolean stage_image(struct addition *addition, GError **error)
{
	const char *release = addition->wish->release, *version = addition->packages->version;
	g_autofree char *vmlinuz =
		g_strdup_printf("%s/image/boot/vmlinuz-%s", addition->partial, release);

	if (!unpack_image(addition, error))
		return FALSE;
	g_autoptr(GBytes) vmlinux = extract_vmlinux(vmlinuz, error);
	g_autofree char *banner = vmlinux ? vmlinuz_banner(vmlinux) : NULL;
	g_autofree char *compiler =
		vmlinux ? versions_check_image(release, version, banner ? banner : "", error)
			: NULL;
	if (!compiler)
		return FALSE;
	addition->kernel = kernel_new(release, version, compiler, addition->partial);
	addition->kernel->image_only = TRUE;
	return write_vmlinux(addition->kernel, vmlinux, error) && put_in_place(addition, error);
}

struct stage {
	const char *name;
	step_function *run;
};

static const struct stage all_stages[] = {
	{"packages", stage_packages},
	{"unpack", stage_unpack},
	{"prepare", stage_prepare},
	{"commands", stage_commands},
	{"index", stage_index},
	{"finish", stage_finish},
	{NULL, NULL},
};

static const struct stage image_stages[] = {
	{"packages", stage_image_packages},
	{"image", stage_image},
	{NULL, NULL},
};

static gboolean run_stages(struct addition *addition, const struct stage *stages, GArray *timed,
			   GError **error)
{
	for (gsize i = 0; stages[i].name; i++) {
		gint64 began = g_get_monotonic_time();

		if (!stages[i].run(addition, error))
			return FALSE;
		timed_stages_add(timed, stages[i].name, began);
	}
	return TRUE;
}

/* With the locks of the release and, shared, of the sources held. */
static gboolean make_kernel(const struct packages_wish *wish, GArray *timed,
			    struct progress *progress, GError **error)
{
	g_autofree char *final = kernel_directory(wish->release);
	struct addition addition = {.wish = wish, .progress = progress};
	gboolean good;

	addition.partial = cache_partial(final, error);
	if (!addition.partial)
		return FALSE;
	good = run_stages(&addition, wish->image_only ? image_stages : all_stages, timed, error);
	if (!good)
		files_remove_tree(addition.partial, NULL);
	packages_free(addition.packages);
	kernel_free(addition.kernel);
	g_free(addition.headers);
	g_free(addition.partial);
	return good;
}

static struct kernel *open_as_wished(const struct packages_wish *wish, GError **error)
{
	return wish->image_only ? kernel_open_image(wish->release, error)
				: kernel_open(wish->release, error);
}

/* The prepared kernel, if it is the one that is meant. */
static struct kernel *find_prepared(const struct packages_wish *wish)
{
	AUTO(kernel) kernel = open_as_wished(wish, NULL);
	g_autofree char *running = kernel_running_banner(wish->release);
	g_autofree char *version = running ? versions_of_banner(running) : NULL;

	if (!kernel || (version && strcmp(version, kernel->version)))
		return NULL;
	/* One that can be built for is never replaced by its image alone. */
	if (wish->directory && (kernel->image_only || !wish->image_only)) {
		AUTO(packages) packages = packages_get(wish, NULL, NULL);

		if (!packages || strcmp(packages->version, kernel->version))
			return NULL;
	}
	return g_steal_pointer(&kernel);
}

static struct kernel *add_locked(const struct packages_wish *wish, GArray *timed,
				 struct progress *progress, GError **error)
{
	struct kernel *kernel = find_prepared(wish);
	int sources;
	gboolean good;

	if (kernel)
		return kernel;
	sources = cache_lock("sources", TRUE, error);
	if (sources < 0)
		return NULL;
	good = make_kernel(wish, timed, progress, error);
	close(sources);
	return good ? open_as_wished(wish, error) : NULL;
}

struct kernel_add_result *kernel_add(const struct packages_wish *wish, struct progress *progress,
				     GError **error)
{
	AUTO(kernel_add_result) result = g_new0(struct kernel_add_result, 1);
	int lock;

	result->stages = timed_stages_new();
	if (!kernel_check_release(wish->release, error))
		return NULL;
	progress_report(progress, "waiting for another klatch", -1);
	lock = cache_lock(wish->release, FALSE, error);
	if (lock < 0)
		return NULL;
	result->kernel = add_locked(wish, result->stages, progress, error);
	close(lock);
	return result->kernel ? g_steal_pointer(&result) : NULL;
}

void kernel_add_result_free(struct kernel_add_result *result)
{
	if (!result)
		return;
	kernel_free(result->kernel);
	g_array_unref(result->stages);
	g_free(result);
}
