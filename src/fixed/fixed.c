/*
 * The module is built twice, in two directories that look like the build tree: from the kernel's
 * own source, to be compared with what was shipped, and with the patches.  Units that read nothing
 * that the patches change are compiled once.
 */
#include "fixed/fixed.h"

#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "base/process.h"
#include "compile/compile.h"
#include "fixed/inside.h"
#include "kernel/modules.h"
#include "klatch.h"
#include "patch.h"

#define WHAT "the fixed module can't be built"

static const char *const environment[] = {"LC_ALL=C", NULL};

char *fixed_file(const struct fixed *fixed, const char *directory, const char *suffix)
{
	g_autofree char *name = g_strconcat(fixed->place, suffix, NULL);

	return g_build_filename(directory, name, NULL);
}

/* ---- what is known of the module ---- */

/*
 * Where the build made it: ".../kernel/fs/ext4/ext4.ko.xz" is installed for fs/ext4/ext4.ko, and
 * ".../extra/own/own.ko" for own/own.ko, a module from outside of the kernel's tree.
 */
static gboolean find_place(struct fixed *fixed, GError **error)
{
	static const char *const folders[] = {"kernel/", "extra/"};
	g_autofree char *path = modules_path(fixed->kernel, fixed->name, error);
	const char *suffix = path ? g_strrstr(path, ".ko") : NULL;

	for (gsize i = 0; suffix && i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *folder =
			g_build_filename(fixed->kernel->modules, folders[i], NULL);

		if (!g_str_has_prefix(path, folder))
			continue;
		fixed->place = g_strndup(path + strlen(folder), suffix - path - strlen(folder));
		fixed->outside = i > 0;
		return TRUE;
	}
	if (path)
		klatch_fail(error, KLATCH_REFUSED, WHAT, path, NULL,
			    "it does not lie where the kernel's build installs modules");
	return FALSE;
}

static GPtrArray *module_units(const struct commands *commands, const char *name, GError **error)
{
	const GPtrArray *all = commands_units(commands);
	g_autoptr(GPtrArray) units = g_ptr_array_new();

	for (guint i = 0; i < all->len; i++) {
		struct unit *unit = g_ptr_array_index(all, i);

		if (unit->object && !strcmp(unit->object, name))
			g_ptr_array_add(units, unit);
	}
	if (units->len)
		return g_steal_pointer(&units);
	klatch_fail(error, KLATCH_REFUSED, WHAT, name, NULL, "no unit of it is known");
	return NULL;
}

static gboolean fixed_open(struct fixed *fixed, const struct commands *commands, GError **error)
{
	if (!find_place(fixed, error))
		return FALSE;
	fixed->units = module_units(commands, fixed->name, error);
	if (!fixed->units)
		return FALSE;
	fixed->shipped = modules_object(fixed->kernel, fixed->name, error);
	return fixed->shipped != NULL;
}

static void fixed_clear(struct fixed *fixed)
{
	g_free(fixed->place);
	g_clear_pointer(&fixed->units, g_ptr_array_unref);
	g_clear_pointer(&fixed->shipped, object_free);
}

/* ---- objects to a module ---- */

static gboolean run(const GPtrArray *argv, GError **error)
{
	const struct process process = {.argv = (const char *const *)argv->pdata,
					.environment = environment};
	AUTO_PROCESS_RESULT result = {0};

	return process_check(&process, "linking the module", &result, error);
}

static GPtrArray *linker(void)
{
	static const char *const words[] = {"ld", "-r", "-m", "elf_x86_64", "-z", "noexecstack"};
	GPtrArray *argv = g_ptr_array_new();

	for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
		g_ptr_array_add(argv, (char *)words[i]);
	return argv;
}

static gboolean copy_file(const char *from, const char *to, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(from, error);
	gsize size;

	if (!bytes)
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &size);
	return files_write(to, data, size, error);
}

/* Kernels with IBT run objtool on a module's units together. */
static gboolean run_objtool(const struct fixed *fixed, const char *object, GError **error)
{
	for (guint i = 0; i < fixed->units->len; i++) {
		const struct unit *unit = g_ptr_array_index(fixed->units, i);

		if (compile_objtool_after_link(unit))
			return compile_objtool(fixed->kernel, unit, object, error);
	}
	return TRUE;
}

/* The units of a module as one object; the only unit of one that is called like it is it. */
static gboolean link_units(const struct fixed *fixed, const char *directory,
			   const GPtrArray *objects, GError **error)
{
	const struct unit *first = g_ptr_array_index(fixed->units, 0);
	g_autofree char *object = fixed_file(fixed, directory, ".o");
	g_autofree char *own = g_strconcat(fixed->place, ".o", NULL);
	g_autoptr(GPtrArray) argv = linker();

	if (!strcmp(own, first->output))
		return copy_file(g_ptr_array_index(objects, 0), object, error) &&
		       run_objtool(fixed, object, error);
	g_ptr_array_add(argv, "-o");
	g_ptr_array_add(argv, object);
	for (guint i = 0; i < objects->len; i++)
		g_ptr_array_add(argv, g_ptr_array_index(objects, i));
	g_ptr_array_add(argv, NULL);
	return run(argv, error) && run_objtool(fixed, object, error);
}

/* A unit whose command compiles C. */
static const struct unit *c_unit(const struct fixed *fixed)
{
	for (guint i = 0; i < fixed->units->len; i++) {
		const struct unit *unit = g_ptr_array_index(fixed->units, i);

		if (!unit->assembly)
			return unit;
	}
	return NULL;
}

/*
 * Compiles what modpost wrote, and what kernels since 6.12 keep of that in a source of its own,
 * and adds the objects.
 */
static gboolean compile_description(const struct fixed *fixed, const char *directory,
				    GPtrArray *objects, GError **error)
{
	const struct unit *unit = c_unit(fixed);
	g_autofree char *source = fixed_file(fixed, directory, ".mod.c");
	g_autofree char *common =
		g_build_filename(fixed->kernel->source, "scripts/module-common.c", NULL);
	char *object = fixed_file(fixed, directory, ".mod.o");

	g_ptr_array_add(objects, object);
	if (!unit) {
		klatch_fail(error, KLATCH_REFUSED, WHAT, fixed->name, NULL, "no unit of it is C");
		return FALSE;
	}
	if (!compile_source(fixed->kernel, unit, source, object, error))
		return FALSE;
	if (!g_file_test(common, G_FILE_TEST_EXISTS))
		return TRUE;
	object = g_build_filename(directory, "module-common.o", NULL);
	g_ptr_array_add(objects, object);
	return compile_source(fixed->kernel, unit, common, object, error);
}

static gboolean link_module(const struct fixed *fixed, const char *directory, GError **error)
{
	g_autofree char *script = g_build_filename(fixed->kernel->late, "module.lds", NULL);
	g_autofree char *linked = fixed_file(fixed, directory, ".linked");
	g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) argv = linker();
	const char *rest[] = {"--build-id=sha1", "-T", script, "-o", linked};

	g_ptr_array_add(objects, fixed_file(fixed, directory, ".o"));
	if (!compile_description(fixed, directory, objects, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(rest); i++)
		g_ptr_array_add(argv, (char *)rest[i]);
	for (guint i = 0; i < objects->len; i++)
		g_ptr_array_add(argv, g_ptr_array_index(objects, i));
	g_ptr_array_add(argv, NULL);
	return run(argv, error);
}

/* ---- what stays the shipped one's ---- */

/* Writes a section of the shipped module to a file, and adds "OPTION SECTION=FILE" for objcopy. */
static gboolean take_section(const struct section *section, const char *option,
			     const char *directory, GPtrArray *argv, GError **error)
{
	g_autofree char *path = g_build_filename(directory, section->name, NULL);

	g_ptr_array_add(argv, g_strdup(option));
	g_ptr_array_add(argv, g_strconcat(section->name, "=", path, NULL));
	return files_write(path, section->data, section->size, error);
}

/*
 * The type information of a module (BTF) is made of debug information and of the types of vmlinux
 * as it was built, which are not there.  But a patch that can be made live leaves types as they
 * are, so the shipped module's holds for the fixed one.  It must not be left out: a module that
 * lends functions to BPF programs lists them by their numbers in it (.BTF_ids), and the kernel
 * would not take them.
 */
static gboolean take_types(const struct fixed *fixed, const struct object *linked,
			   const char *directory, GPtrArray *argv, GError **error)
{
	const struct section *types = object_section(fixed->shipped, ".BTF");
	const struct section *shipped = object_section(fixed->shipped, ".BTF_ids");
	const struct section *own = object_section(linked, ".BTF_ids");

	if ((own ? own->size : 0) != (shipped ? shipped->size : 0)) {
		klatch_fail(error, KLATCH_REFUSED, WHAT, fixed->name, NULL,
			    "the patch changes which of its functions and types BPF programs use");
		return FALSE;
	}
	if (types && !take_section(types, "--add-section", directory, argv, error))
		return FALSE;
	return !own || !shipped ||
	       take_section(shipped, "--update-section", directory, argv, error);
}

/* What only a livepatch has in it; NULL if it is nothing. */
static const char *needs_livepatch(const struct object *linked)
{
	if (object_section(linked, KLATCH_CALLBACKS_SECTION))
		return "the patch has callbacks, which only a livepatch calls";
	if (object_has_symbols(linked, KLATCH_SHADOW))
		return "a struct gets a new member as a shadow variable, which only a "
		       "livepatch finds";
	return NULL;
}

static gboolean check_alone(const struct fixed *fixed, const char *path, GError **error)
{
	AUTO(object) linked = object_read(path, error);
	const char *obstacle = linked ? needs_livepatch(linked) : NULL;

	if (obstacle)
		klatch_fail(error, KLATCH_REFUSED, WHAT, fixed->name, "choose another policy", "%s",
			    obstacle);
	return linked && !obstacle;
}

static gboolean finish_module(const struct fixed *fixed, const char *directory, const char *path,
			      GError **error)
{
	g_autofree char *from = fixed_file(fixed, directory, ".linked");
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	AUTO(object) linked = object_read(from, error);

	if (!linked)
		return FALSE;
	g_ptr_array_add(argv, g_strdup("objcopy"));
	g_ptr_array_add(argv, g_strdup("--strip-debug"));
	if (!take_types(fixed, linked, directory, argv, error))
		return FALSE;
	g_ptr_array_add(argv, g_steal_pointer(&from));
	g_ptr_array_add(argv, g_strdup(path));
	g_ptr_array_add(argv, NULL);
	return run(argv, error);
}

/* Makes the module of objects (of char *), in a directory. */
static gboolean make_module(const struct fixed *fixed, const GPtrArray *objects,
			    const char *directory, const char *path, GError **error)
{
	g_autofree char *object = fixed_file(fixed, directory, ".o");
	g_autofree char *below = g_path_get_dirname(object);

	return files_make_directory(below, error) && link_units(fixed, directory, objects, error) &&
	       check_alone(fixed, object, error) && modpost_run(fixed, directory, objects, error) &&
	       link_module(fixed, directory, error) && finish_module(fixed, directory, path, error);
}

/* ---- both ---- */

static GPtrArray *compile_original(const struct fixed *fixed, const char *directory, GError **error)
{
	GPtrArray *objects;

	if (!compile_tree(fixed->kernel, fixed->kernel->source, fixed->units, directory, error))
		return NULL;
	objects = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < fixed->units->len; i++)
		g_ptr_array_add(objects, compile_tree_object(directory, fixed->units->pdata[i]));
	return objects;
}

/* Numbers of the units that were compiled from what the patches change. */
static GArray *find_changed(const struct fixed *fixed, const struct overlay *overlay,
			    const GPtrArray *objects, GError **error)
{
	g_autoptr(GArray) changed = g_array_new(FALSE, FALSE, sizeof(guint));

	for (guint i = 0; i < objects->len; i++) {
		gboolean reads;

		if (!compile_reads_original(fixed->kernel, overlay, objects->pdata[i], &reads,
					    error))
			return NULL;
		if (reads)
			g_array_append_val(changed, i);
	}
	return g_steal_pointer(&changed);
}

/* Compiles those units from the patched source; their objects take the place of the original's. */
static gboolean compile_patched(const struct fixed *fixed, const struct overlay *overlay,
				const char *directory, GPtrArray *objects, GError **error)
{
	g_autoptr(GArray) changed = find_changed(fixed, overlay, objects, error);
	g_autoptr(GPtrArray) units = g_ptr_array_new();

	for (guint i = 0; changed && i < changed->len; i++)
		g_ptr_array_add(units, fixed->units->pdata[g_array_index(changed, guint, i)]);
	if (!changed || !compile_tree(fixed->kernel, overlay->plain_root, units, directory, error))
		return FALSE;
	for (guint i = 0; i < changed->len; i++) {
		gpointer *object = &objects->pdata[g_array_index(changed, guint, i)];
		gboolean reads;

		g_free(*object);
		*object = compile_tree_object(directory, units->pdata[i]);
		if (!compile_reads_original(fixed->kernel, overlay, *object, &reads, error))
			return FALSE;
		if (!reads)
			continue;
		klatch_fail(error, KLATCH_REFUSED, WHAT, ((struct unit *)units->pdata[i])->source,
			    "this is an error in klatch: please report it",
			    "it reads the original of a file that the patch changes");
		return FALSE;
	}
	return TRUE;
}

static gboolean check_original(const struct fixed *fixed, const char *path, GError **error)
{
	AUTO(object) original = object_read(path, error);

	return original && same_module(original, fixed->shipped, error);
}

static gboolean build(const struct fixed *fixed, const struct overlay *overlay,
		      const char *directory, const char *path, GError **error)
{
	g_autofree char *original = g_build_filename(directory, "original", NULL);
	g_autofree char *patched = g_build_filename(directory, "patched", NULL);
	g_autofree char *units = g_build_filename(directory, "units", NULL);
	g_autofree char *patched_units = g_build_filename(directory, "patched-units", NULL);
	g_autofree char *proof = overlay ? fixed_file(fixed, original, ".ko") : g_strdup(path);
	g_autoptr(GPtrArray) objects = compile_original(fixed, units, error);

	if (!objects || !make_module(fixed, objects, original, proof, error) ||
	    !check_original(fixed, proof, error))
		return FALSE;
	return !overlay || (compile_patched(fixed, overlay, patched_units, objects, error) &&
			    make_module(fixed, objects, patched, path, error));
}

gboolean fixed_build(const struct kernel *kernel, const struct commands *commands,
		     const struct overlay *overlay, const char *module, const char *directory,
		     const char *path, GError **error)
{
	struct fixed fixed = {.kernel = kernel, .name = module};
	gboolean good = fixed_open(&fixed, commands, error) &&
			build(&fixed, overlay, directory, path, error);

	fixed_clear(&fixed);
	return good;
}
