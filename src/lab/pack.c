/*
 * The initramfs of a trial: the guest as /init, its plan with the facts in front
 * (src/lab/guest/guest.h), and every file that the plan names.
 */
#include <gio/gio.h>
#include <string.h>

#include "base/files.h"
#include "kernel/modules.h"
#include "lab/initramfs.h"
#include "lab/prepare.h"

#define GUEST_RESOURCE "/klatch/guest"

static gboolean add_module(struct initramfs *initramfs, const char *name, GBytes *content,
			   GError **error)
{
	g_autofree char *path = g_strdup_printf("modules/%s.ko", name);

	return initramfs_add_file(initramfs, path, content, error);
}

static void append_words(GString *line, const char *before, const GPtrArray *words, guint count)
{
	for (guint i = 0; i < count; i++)
		g_string_append_printf(line, "%s%s", before, (char *)words->pdata[i]);
}

/* A module of the kernel, with the fact about it. */
static gboolean add_kernel_module(const struct kernel *kernel, struct initramfs *initramfs,
				  const char *name, GString *facts, GError **error)
{
	g_autoptr(GPtrArray) order = modules_dependencies(kernel, name, error);
	g_autoptr(GPtrArray) soft = order ? modules_soft_dependencies(kernel, name, error) : NULL;
	g_autoptr(GBytes) content = soft ? modules_bytes(kernel, name, error) : NULL;

	if (!content || !add_module(initramfs, name, content, error))
		return FALSE;
	g_string_append_printf(facts, "module %s", name);
	append_words(facts, " ?", soft, soft->len);
	append_words(facts, " ", order, order->len - 1); /* the last is itself */
	g_string_append_c(facts, '\n');
	return TRUE;
}

/* A module with all that it needs or wants. */
static gboolean collect_module(const struct kernel *kernel, const char *name, GPtrArray *names,
			       GError **error)
{
	g_autoptr(GPtrArray) soft = modules_soft_dependencies(kernel, name, error);

	for (guint i = 0; soft && i < soft->len; i++)
		if (!prepare_dependencies(kernel, soft->pdata[i], names, error))
			return FALSE;
	return soft && prepare_dependencies(kernel, name, names, error);
}

/*
 * What the kernel may ask for by itself while a module is loaded: algorithms.  They are small
 * enough to be there always.
 */
static gboolean collect_algorithms(const struct kernel *kernel, GPtrArray *names, GString *facts,
				   GError **error)
{
	g_autoptr(GPtrArray) aliases = modules_aliases(kernel, "crypto-", error);

	for (guint i = 0; aliases && i < aliases->len; i++) {
		const struct module_alias *alias = g_ptr_array_index(aliases, i);

		if (!prepare_dependencies(kernel, alias->name, names, error))
			return FALSE;
		g_string_append_printf(facts, "alias %s %s\n", alias->alias, alias->name);
	}
	return aliases != NULL;
}

static gboolean add_modules(const struct preparation *preparation, struct initramfs *initramfs,
			    GString *facts, GError **error)
{
	const struct kernel *kernel = preparation->trial->kernel;
	g_autoptr(GPtrArray) loaded = plan_arguments(preparation->plan, "load");
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < preparation->needs->len; i++)
		g_ptr_array_add(loaded, g_strdup(preparation->needs->pdata[i]));
	for (guint i = 0; i < loaded->len; i++)
		if (strcmp(loaded->pdata[i], "livepatch") &&
		    !collect_module(kernel, loaded->pdata[i], names, error))
			return FALSE;
	if (!collect_algorithms(kernel, names, facts, error))
		return FALSE;
	for (guint i = 0; i < names->len; i++)
		if (!add_kernel_module(kernel, initramfs, names->pdata[i], facts, error))
			return FALSE;
	return TRUE;
}

static gboolean add_livepatch(const struct preparation *preparation, struct initramfs *initramfs,
			      GString *facts, GError **error)
{
	g_autoptr(GBytes) content = files_map(preparation->trial->livepatch, error);

	if (!content || !add_module(initramfs, preparation->name, content, error))
		return FALSE;
	g_string_append_printf(facts, "livepatch %s\nmodule %s", preparation->name,
			       preparation->name);
	append_words(facts, " ", preparation->needs, preparation->needs->len);
	g_string_append_c(facts, '\n');
	for (guint i = 0; i < preparation->objects->len; i++) {
		const struct check_object *object = g_ptr_array_index(preparation->objects, i);

		for (guint j = 0; j < object->functions->len; j++)
			g_string_append_printf(facts, "function %s %s\n", object->name,
					       (char *)object->functions->pdata[j]);
	}
	return TRUE;
}

/* Programs are named relative to the plan; the guest knows them by their last component. */
static gboolean add_programs(const struct preparation *preparation, struct initramfs *initramfs,
			     GError **error)
{
	g_autoptr(GPtrArray) programs = plan_arguments(preparation->plan, "run");
	g_autofree char *directory =
		g_path_get_dirname(preparation->trial->plan ? preparation->trial->plan : "");

	for (guint i = 0; i < programs->len; i++) {
		const char *program = programs->pdata[i];
		g_autofree char *path = g_path_is_absolute(program)
						? g_strdup(program)
						: g_build_filename(directory, program, NULL);
		g_autofree char *name = g_path_get_basename(path);
		g_autofree char *inside = g_build_filename("programs", name, NULL);
		g_autoptr(GBytes) content = files_map(path, error);

		if (!content || !initramfs_add_file(initramfs, inside, content, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_plan(const struct preparation *preparation, struct initramfs *initramfs,
			 const GString *facts, GError **error)
{
	g_autofree char *steps = plan_text(preparation->plan);
	char *text = g_strconcat(facts->str, steps, NULL);
	g_autoptr(GBytes) content = g_bytes_new_take(text, strlen(text));

	return initramfs_add_file(initramfs, "plan", content, error);
}

gboolean pack(const struct preparation *preparation, const char *path, GError **error)
{
	static const char *const directories[] = {"proc", "sys",     "dev",	"tmp",
						  "sbin", "modules", "programs"};
	AUTO(initramfs) initramfs = initramfs_new(path, error);
	g_autoptr(GBytes) guest = g_resources_lookup_data(GUEST_RESOURCE, 0, NULL);
	g_autoptr(GString) facts = g_string_new(NULL);

	g_assert(guest); /* it is part of the program */
	if (!initramfs || !initramfs_add_file(initramfs, "init", guest, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(directories); i++)
		if (!initramfs_add_directory(initramfs, directories[i], error))
			return FALSE;
	return initramfs_add_link(initramfs, "sbin/modprobe", "/init", error) &&
	       add_livepatch(preparation, initramfs, facts, error) &&
	       add_modules(preparation, initramfs, facts, error) &&
	       add_programs(preparation, initramfs, error) &&
	       add_plan(preparation, initramfs, facts, error) && initramfs_finish(initramfs, error);
}
