/*
 * The initramfs of a trial: the guest as /init, its plan with the facts in front
 * (src/lab/guest/guest.h), and every file that the plan names.
 */
#include "lab/pack.h"

#include <gio/gio.h>
#include <string.h>

#include "base/files.h"
#include "kernel/modules.h"
#include "lab/initramfs.h"
#include "lab/outside.h"

#define GUEST_RESOURCE "/klatch/guest"

struct packing {
	const struct kernel *kernel;
	const struct plan *plan;
	struct initramfs *initramfs;
	GString *facts;
	GPtrArray *modules; /* of char *: modules of the kernel, in order of loading */
};

static gboolean add_module(struct packing *packing, const char *name, GBytes *content,
			   GError **error)
{
	g_autofree char *path = g_strdup_printf("modules/%s.ko", name);

	return initramfs_add_file(packing->initramfs, path, content, error);
}

static void append_words(GString *line, const char *before, const GPtrArray *words, guint count)
{
	for (guint i = 0; i < count; i++)
		g_string_append_printf(line, "%s%s", before, (char *)words->pdata[i]);
}

/* A module of the kernel, with the fact about it. */
static gboolean add_kernel_module(struct packing *packing, const char *name, GError **error)
{
	const struct kernel *kernel = packing->kernel;
	g_autoptr(GPtrArray) order = modules_dependencies(kernel, name, error);
	g_autoptr(GPtrArray) soft = order ? modules_soft_dependencies(kernel, name, error) : NULL;
	g_autoptr(GBytes) content = soft ? modules_bytes(kernel, name, error) : NULL;

	if (!content || !add_module(packing, name, content, error))
		return FALSE;
	g_string_append_printf(packing->facts, "module %s %s", name, name);
	append_words(packing->facts, " ?", soft, soft->len);
	append_words(packing->facts, " ", order, order->len - 1); /* the last is itself */
	g_string_append_c(packing->facts, '\n');
	return TRUE;
}

/* A module with all that it needs or wants. */
static gboolean collect_module(struct packing *packing, const char *name, GError **error)
{
	g_autoptr(GPtrArray) soft = modules_soft_dependencies(packing->kernel, name, error);

	for (guint i = 0; soft && i < soft->len; i++)
		if (!lab_dependencies(packing->kernel, soft->pdata[i], packing->modules, error))
			return FALSE;
	return soft && lab_dependencies(packing->kernel, name, packing->modules, error);
}

/* Whether the kernel has a module within itself: a line "kernel/drivers/virtio/virtio_pci.ko". */
static gboolean is_built_in(const struct kernel *kernel, const char *name)
{
	g_autofree char *path = g_build_filename(kernel->modules, "modules.builtin", NULL);
	g_autofree char *text = files_read_text(path, NULL);
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (guint i = 0; lines[i]; i++) {
		g_autofree char *base = g_path_get_basename(lines[i]);

		if (!g_str_has_suffix(base, ".ko"))
			continue;
		*strrchr(base, '.') = '\0';
		if (!strcmp(g_strdelimit(base, "-", '_'), name))
			return TRUE;
	}
	return FALSE;
}

/* The same, for a name in the plan. */
static gboolean collect_named(struct packing *packing, const char *name, guint line, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autofree char *why = NULL;

	if (is_built_in(packing->kernel, name)) {
		g_string_append_printf(packing->facts, "builtin %s\n", name);
		return TRUE;
	}
	if (collect_module(packing, name, &cause))
		return TRUE;
	why = g_strdup_printf("there is no module %s in %s", name, packing->kernel->name);
	plan_blame(packing->plan, line, why,
		   "declare a module that is not the kernel's: module NAME FILE.ko", error);
	return FALSE;
}

/*
 * What the kernel may ask for by itself while a module is loaded: algorithms.  They are small
 * enough to be there always.
 */
static gboolean collect_algorithms(struct packing *packing, GError **error)
{
	g_autoptr(GPtrArray) aliases = modules_aliases(packing->kernel, "crypto-", error);

	for (guint i = 0; aliases && i < aliases->len; i++) {
		const struct module_alias *alias = g_ptr_array_index(aliases, i);

		if (!lab_dependencies(packing->kernel, alias->name, packing->modules, error))
			return FALSE;
	}
	return aliases != NULL;
}

/* By what names the kernel and its devices ask for the modules that are in the machine. */
static gboolean add_aliases(struct packing *packing, GError **error)
{
	g_autoptr(GPtrArray) aliases = modules_aliases(packing->kernel, "", error);

	for (guint i = 0; aliases && i < aliases->len; i++) {
		const struct module_alias *alias = g_ptr_array_index(aliases, i);

		if (g_ptr_array_find_with_equal_func(packing->modules, alias->name, g_str_equal,
						     NULL))
			g_string_append_printf(packing->facts, "alias %s %s\n", alias->alias,
					       alias->name);
	}
	return aliases != NULL;
}

static gboolean is_from_outside(const struct plan *plan, const char *name)
{
	return plan_item(plan, PLAN_LIVEPATCH, name) || plan_item(plan, PLAN_MODULE, name);
}

static gboolean collect_modules(struct packing *packing, GError **error)
{
	g_autoptr(GPtrArray) loaded = plan_words(packing->plan, "load");

	for (guint i = 0; i < loaded->len; i++) {
		const struct plan_word *word = g_ptr_array_index(loaded, i);

		if (!is_from_outside(packing->plan, word->text) &&
		    !collect_named(packing, word->text, word->line, error))
			return FALSE;
	}
	for (guint i = 0; i < packing->plan->items->len; i++) {
		const struct plan_item *item = g_ptr_array_index(packing->plan->items, i);

		if ((item->kind == PLAN_KERNEL_MODULE || item->kind == PLAN_FOLLOW) &&
		    !is_from_outside(packing->plan, item->name) &&
		    !collect_named(packing, item->name, item->line, error))
			return FALSE;
	}
	return collect_algorithms(packing, error);
}

/*
 * Adds what a module from outside needs to the list of it, in order of loading: other modules from
 * outside by their label, or modules of the kernel.
 */
static gboolean collect_needs(struct packing *packing, const struct plan_item *item,
			      const struct outside *outside, GPtrArray *needs, GError **error)
{
	for (guint i = 0; outside->needs[i]; i++) {
		const char *name = outside->needs[i];

		if (!*name)
			continue;
		if (plan_item(packing->plan, PLAN_MODULE, name))
			g_ptr_array_add(needs, g_strdup(name));
		else if (!collect_named(packing, name, item->line, error) ||
			 !lab_dependencies(packing->kernel, name, needs, error))
			return FALSE;
	}
	return TRUE;
}

/* A module from outside or a livepatch, with the facts about it. */
static gboolean add_outside(struct packing *packing, const struct plan_item *item, GError **error)
{
	gboolean is_livepatch = item->kind == PLAN_LIVEPATCH;
	g_autofree char *path = plan_item_path(packing->plan, item);
	g_autoptr(GPtrArray) needs = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GBytes) content = files_map(path, error);
	AUTO(outside) outside = content ? outside_read(path, is_livepatch, error) : NULL;

	if (!outside || !add_module(packing, item->name, content, error) ||
	    !collect_needs(packing, item, outside, needs, error))
		return FALSE;
	g_string_append_printf(packing->facts, "module %s %s", item->name, outside->name);
	append_words(packing->facts, " ", needs, needs->len);
	g_string_append_c(packing->facts, '\n');
	if (!is_livepatch)
		return TRUE;
	g_string_append_printf(packing->facts, "livepatch %s\n", item->name);
	return outside_facts(outside, packing->kernel, item->name, packing->facts, error);
}

/* Which livepatch follows which module; both were said to be there before. */
static void add_followers(struct packing *packing)
{
	for (guint i = 0; i < packing->plan->items->len; i++) {
		const struct plan_item *item = g_ptr_array_index(packing->plan->items, i);

		if (item->kind == PLAN_FOLLOW)
			g_string_append_printf(packing->facts, "follow %s %s\n", item->name,
					       item->rest);
	}
}

static gboolean add_modules(struct packing *packing, GError **error)
{
	const GPtrArray *items = packing->plan->items;

	if (!collect_modules(packing, error))
		return FALSE;
	for (guint i = 0; i < items->len; i++) {
		const struct plan_item *item = g_ptr_array_index(items, i);

		if ((item->kind == PLAN_LIVEPATCH || item->kind == PLAN_MODULE) &&
		    !add_outside(packing, item, error))
			return FALSE;
	}
	for (guint i = 0; i < packing->modules->len; i++)
		if (!add_kernel_module(packing, packing->modules->pdata[i], error))
			return FALSE;
	add_followers(packing);
	return add_aliases(packing, error);
}

/* A file, known in the machine by the last component of its name. */
static gboolean add_file(struct packing *packing, const char *file, GError **error)
{
	g_autofree char *path = plan_path(packing->plan, file);
	g_autofree char *name = g_path_get_basename(file);
	g_autofree char *inside = g_build_filename("files", name, NULL);
	g_autoptr(GBytes) content = files_map(path, error);

	return content && initramfs_add_file(packing->initramfs, inside, content, error);
}

static gboolean add_files(struct packing *packing, GError **error)
{
	g_autoptr(GPtrArray) programs = plan_words(packing->plan, "run");

	for (guint i = 0; i < programs->len; i++) {
		const struct plan_word *program = g_ptr_array_index(programs, i);

		if (!add_file(packing, program->text, error))
			return FALSE;
	}
	for (guint i = 0; i < packing->plan->items->len; i++) {
		const struct plan_item *item = g_ptr_array_index(packing->plan->items, i);

		if (item->kind == PLAN_FILE && !add_file(packing, item->name, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_plan(struct packing *packing, GError **error)
{
	g_autofree char *steps = plan_text(packing->plan);
	char *text = g_strconcat(packing->facts->str, steps, NULL);
	g_autoptr(GBytes) content = g_bytes_new_take(text, strlen(text));

	return initramfs_add_file(packing->initramfs, "plan", content, error);
}

static gboolean add_all(struct packing *packing, GError **error)
{
	static const char *const directories[] = {"proc", "sys",  "dev",     "tmp",
						  "mnt",  "sbin", "modules", "files"};
	g_autoptr(GBytes) guest = g_resources_lookup_data(GUEST_RESOURCE, 0, NULL);

	g_assert(guest); /* it is part of the program */
	if (!initramfs_add_file(packing->initramfs, "init", guest, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(directories); i++)
		if (!initramfs_add_directory(packing->initramfs, directories[i], error))
			return FALSE;
	if (plan_has_devices(packing->plan))
		g_string_append(packing->facts, "devices\n");
	return initramfs_add_link(packing->initramfs, "sbin/modprobe", "/init", error) &&
	       add_modules(packing, error) && add_files(packing, error) &&
	       add_plan(packing, error) && initramfs_finish(packing->initramfs, error);
}

gboolean pack(const struct lab_trial *trial, const char *path, GError **error)
{
	AUTO(initramfs) initramfs = initramfs_new(path, error);
	g_autoptr(GString) facts = g_string_new(NULL);
	g_autoptr(GPtrArray) modules = g_ptr_array_new_with_free_func(g_free);
	struct packing packing = {
		.kernel = trial->kernel,
		.plan = trial->plan,
		.initramfs = initramfs,
		.facts = facts,
		.modules = modules,
	};

	return initramfs && add_all(&packing, error);
}
