/*
 * A derived kernel: a directory of links to a prepared one, with a source tree and modules of its
 * own.  Each stage is one function over struct derivation.
 *
 * The source tree is a directory of links to that of the kernel, with the external directory beside
 * them as one more, so that patches, the overlay and the commands treat it like the rest.  The
 * output tree is a copy: the build of modules writes to it.
 */
#include "prepare/derive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "base/stages.h"
#include "compile/external.h"
#include "kernel/cache.h"
#include "kernel/exports.h"
#include "kernel/modules.h"
#include "link/runtime.h"
#include "tree/commands.h"
#include "tree/includes.h"

#define WHAT "the modules can't be added"

struct derivation {
	const struct kernel *base;
	struct progress *progress;
	struct kernel *kernel; /* in the directory where it is made */
	char *final;	       /* where it will be */
	struct external external;
	GPtrArray *modules; /* the .ko files below the external directory, of char * */
};

static gboolean refuse(GError **error, const char *where, const char *hint, const char *why)
{
	klatch_fail(error, KLATCH_INPUT, WHAT, where, hint, "%s", why);
	return FALSE;
}

static gboolean fail_errno(GError **error, const char *path)
{
	klatch_fail(error, KLATCH_ENVIRONMENT, WHAT, path, NULL, "%s", g_strerror(errno));
	return FALSE;
}

static gboolean copy(const char *from, const char *to, GError **error)
{
	const char *argv[] = {"cp", "-a", "--reflink=auto", "--", from, to, NULL};
	const struct process process = {.argv = argv};
	AUTO_PROCESS_RESULT result = {0};

	return process_check(&process, WHAT, &result, error);
}

static gboolean link_to(const char *target, const char *path, GError **error)
{
	return !symlink(target, path) || fail_errno(error, path);
}

/* Links to all that a directory holds; copies of its files if `files`. */
static gboolean link_all(const char *from, const char *to, gboolean copy_files, GError **error)
{
	g_autoptr(GDir) entries = g_dir_open(from, 0, NULL);
	gboolean good = files_make_directory(to, error);
	const char *name;

	while (good && entries && (name = g_dir_read_name(entries))) {
		g_autofree char *target = g_build_filename(from, name, NULL);
		g_autofree char *path = g_build_filename(to, name, NULL);

		if (copy_files && !g_file_test(target, G_FILE_TEST_IS_DIR))
			good = copy(target, path, error);
		else
			good = link_to(target, path, error);
	}
	return good;
}

/* ---- stages ---- */

/* A patch may change a file of the source, so that must not be a link. */
static gboolean stage_copy(struct derivation *derivation, GError **error)
{
	const struct kernel *base = derivation->base, *kernel = derivation->kernel;
	const struct external *external = &derivation->external;
	g_autofree char *symvers = g_build_filename(kernel->build, "Module.symvers", NULL);
	g_autofree char *their_script = g_build_filename(base->late, "module.lds", NULL);
	g_autofree char *script = g_build_filename(kernel->build, "scripts", "module.lds", NULL);

	return link_all(base->source, kernel->source, TRUE, error) &&
	       copy(external->origin, external->directory, error) &&
	       copy(base->build, kernel->build, error) && copy(base->symvers, symvers, error) &&
	       copy(their_script, script, error) && external_clean(external, error);
}

static gboolean stage_commands(struct derivation *derivation, GError **error)
{
	g_autofree char *source = g_build_filename(derivation->final, "source", NULL);

	return commands_make_external(&derivation->external, source, derivation->kernel->commands,
				      error);
}

static gboolean stage_build(struct derivation *derivation, GError **error)
{
	progress_report(derivation->progress, "building the modules", -1);
	derivation->modules = external_build(&derivation->external, error);
	return derivation->modules != NULL;
}

/* The name of a module by its file, as the kernel calls it.  Caller frees. */
static char *module_name(const char *path)
{
	g_autofree char *base = g_path_get_basename(path);

	base[strcspn(base, ".")] = '\0';
	return g_strdelimit(g_steal_pointer(&base), "-", '_');
}

static gboolean is_built_in(const struct kernel *base, const char *name)
{
	g_autofree char *path = g_build_filename(base->modules, "modules.builtin", NULL);
	g_autofree char *text = files_read_text(path, NULL);
	g_autofree char *line = g_strdup_printf("/%s.ko\n", name);

	return text && strstr(g_strdelimit(text, "-", '_'), line);
}

static gboolean check_name(const struct kernel *base, const char *name, GError **error)
{
	g_autofree char *present = modules_path(base, name, NULL);

	return (!present && !is_built_in(base, name)) ||
	       refuse(error, name, "rename the module", "the kernel has a module of that name");
}

/* A module that was built elsewhere may be for another kernel. */
static gboolean check_version(const char *built, const char *found, GError **error)
{
	AUTO(object) ours = object_read(built, error);
	AUTO(object) theirs = ours ? object_read(found, error) : NULL;

	if (!theirs)
		return FALSE;
	g_autofree char *wanted = modules_info(ours, "vermagic");
	g_autofree char *has = modules_info(theirs, "vermagic");
	if (!g_strcmp0(wanted, has))
		return TRUE;
	klatch_fail(error, KLATCH_INPUT, WHAT, found,
		    "remove it, to have it built, or take the one that was built for this kernel",
		    "it was built for '%s'", has ? has : "");
	return FALSE;
}

static gboolean install_module(const struct derivation *derivation, const char *module,
			       const char *directory, GError **error)
{
	const struct external *external = &derivation->external;
	g_autofree char *name = module_name(module), *base = g_path_get_basename(module);
	g_autofree char *built = g_build_filename(external->directory, module, NULL);
	g_autofree char *found = g_build_filename(external->origin, module, NULL);
	g_autofree char *to = g_build_filename(directory, base, NULL);
	gboolean prebuilt = g_file_test(found, G_FILE_TEST_IS_REGULAR);

	return check_name(derivation->base, name, error) &&
	       (!prebuilt || check_version(built, found, error)) &&
	       copy(prebuilt ? found : built, to, error);
}

static gboolean stage_install(struct derivation *derivation, GError **error)
{
	const struct kernel *base = derivation->base, *kernel = derivation->kernel;
	g_autofree char *image = g_build_filename(kernel->directory, "image", NULL);
	g_autofree char *their_boot = g_path_get_dirname(base->vmlinuz);
	g_autofree char *boot = g_build_filename(image, "boot", NULL);
	g_autofree char *place =
		g_build_filename(kernel->modules, "extra", derivation->external.name, NULL);

	if (!link_all(base->modules, kernel->modules, FALSE, error) ||
	    !link_to(their_boot, boot, error) || !files_make_directory(place, error))
		return FALSE;
	for (guint i = 0; i < derivation->modules->len; i++)
		if (!install_module(derivation, derivation->modules->pdata[i], place, error))
			return FALSE;
	return modules_index(image, kernel->release, error);
}

/* What the modules export to each other is among what the kernel exports. */
static gboolean write_exports(const struct derivation *derivation, GError **error)
{
	const struct external *external = &derivation->external;
	g_autofree char *path = g_build_filename(external->directory, "Module.symvers", NULL);
	g_autofree char *added = files_read_text(path, error);
	g_autofree char *former = added ? files_read_text(derivation->base->symvers, error) : NULL;
	const char *symvers = derivation->kernel->symvers;

	if (!former)
		return FALSE;
	g_autofree char *text = g_strconcat(former, added, NULL);
	if (!files_write(symvers, text, strlen(text), error))
		return FALSE;
	AUTO(exports) exports = exports_read(symvers, error);
	return exports != NULL;
}

static gboolean stage_index(struct derivation *derivation, GError **error)
{
	const struct kernel *base = derivation->base, *kernel = derivation->kernel;

	return write_exports(derivation, error) &&
	       includes_make_external(base->includes, kernel->source, derivation->external.name,
				      kernel->includes, error) &&
	       link_to(base->vmlinux, kernel->vmlinux, error) &&
	       link_to(base->kallsyms, kernel->kallsyms, error);
}

static gboolean stage_finish(struct derivation *derivation, GError **error)
{
	return kernel_save(derivation->kernel, error) &&
	       kernel_replace(derivation->kernel->directory, derivation->final, error);
}

static const struct {
	const char *name;
	gboolean (*run)(struct derivation *derivation, GError **error);
} stages[] = {
	{"copy", stage_copy},	    {"commands", stage_commands}, {"modules", stage_build},
	{"install", stage_install}, {"index", stage_index},	  {"finish", stage_finish},
};

static gboolean run_stages(struct derivation *derivation, GArray *timed, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
		gint64 began = g_get_monotonic_time();

		if (!stages[i].run(derivation, error))
			return FALSE;
		timed_stages_add(timed, stages[i].name, began);
	}
	return TRUE;
}

/* ---- what is asked for ---- */

static gboolean check_directory(const struct kernel *base, const char *directory, const char *name,
				GError **error)
{
	static const char allowed[] = G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-";
	g_autofree char *kbuild = g_build_filename(directory, "Kbuild", NULL);
	g_autofree char *makefile = g_build_filename(directory, "Makefile", NULL);
	g_autofree char *taken = g_build_filename(base->source, name, NULL);

	if (!g_file_test(kbuild, G_FILE_TEST_EXISTS) && !g_file_test(makefile, G_FILE_TEST_EXISTS))
		return refuse(error, directory, NULL,
			      "it has neither a Kbuild nor a Makefile: no external modules");
	if (!*name || strspn(name, allowed) != strlen(name))
		return refuse(error, name, "give one with --name",
			      "the name may hold letters, digits, '-' and '_' only");
	if (g_file_test(taken, G_FILE_TEST_EXISTS))
		return refuse(error, name, "give another with --name",
			      "the kernel's source has a directory of that name");
	return TRUE;
}

/* With the lock of the derived kernel and, shared, of what it is derived from held. */
static gboolean derive(const struct kernel *base, const char *full_name, const char *directory,
		       const char *name, GArray *timed, struct progress *progress, GError **error)
{
	g_autofree char *final = kernel_directory(full_name);
	g_autofree char *partial = cache_partial(final, error);
	AUTO(kernel)
	kernel =
		partial ? kernel_new(full_name, base->version, base->compiler_text, partial) : NULL;

	if (!kernel)
		return FALSE;
	g_autofree char *place = g_build_filename(kernel->source, name, NULL);
	struct derivation derivation = {
		base, progress, kernel, final, {base, kernel->build, place, directory, name}, NULL};
	gboolean good = run_stages(&derivation, timed, error);
	if (!good)
		files_remove_tree(partial, NULL);
	g_clear_pointer(&derivation.modules, g_ptr_array_unref);
	return good;
}

/* The linker script for modules is made with the kernel side, under the kernel's own lock. */
static struct kernel *open_base(const char *release, GError **error)
{
	AUTO(kernel) base = kernel_open(release, error);

	return base && runtime_renew(base, error) ? g_steal_pointer(&base) : NULL;
}

static gboolean derive_locked(const char *release, const char *full_name, const char *directory,
			      const char *name, GArray *timed, struct progress *progress,
			      GError **error)
{
	AUTO(kernel) base = open_base(release, error);
	int theirs = base ? cache_lock(release, TRUE, error) : -1;
	int ours = theirs < 0 ? -1 : cache_lock(full_name, FALSE, error);
	gboolean good = ours >= 0 && check_directory(base, directory, name, error) &&
			derive(base, full_name, directory, name, timed, progress, error);

	if (ours >= 0)
		close(ours);
	if (theirs >= 0)
		close(theirs);
	return good;
}

struct kernel_add_result *kernel_derive(const char *release, const char *directory,
					const char *name, struct progress *progress, GError **error)
{
	AUTO(kernel_add_result) result = g_new0(struct kernel_add_result, 1);
	char *real = realpath(directory, NULL);
	g_autofree char *origin = g_strdup(real), *base = kernel_base(release);
	g_autofree char *last = g_path_get_basename(origin ? origin : directory);

	free(real);
	result->stages = timed_stages_new();
	if (!origin) {
		fail_errno(error, directory);
		return NULL;
	}
	if (base) {
		refuse(error, release, "give the release of a stock kernel",
		       "it is derived from another already");
		return NULL;
	}
	if (!name)
		name = last;
	g_autofree char *full_name = g_strdup_printf("%s+%s", release, name);
	if (!kernel_check_release(full_name, error) ||
	    !derive_locked(release, full_name, origin, name, result->stages, progress, error))
		return NULL;
	result->kernel = kernel_open(full_name, error);
	return result->kernel ? g_steal_pointer(&result) : NULL;
}
