/*
 * A livepatch, read for the guest: its functions by the names of sysfs, and its late references
 * with the addresses that they must lead to.
 *
 * The guest knows where the sections of a loaded module are, so an address is told to it as a
 * section of the target and an offset.  Which symbol of several of a name is meant is found here,
 * by the target's own file.
 */
#include "lab/outside.h"

#include <string.h>

#include "base/error.h"
#include "elf/object.h"
#include "kernel/modules.h"

void outside_free(struct outside *outside)
{
	g_free(outside->path);
	g_free(outside->name);
	g_strfreev(outside->needs);
	g_clear_pointer(&outside->objects, g_ptr_array_unref);
	g_free(outside);
}

gboolean lab_dependencies(const struct kernel *kernel, const char *name, GPtrArray *names,
			  GError **error)
{
	g_autoptr(GPtrArray) order = modules_dependencies(kernel, name, error);

	for (guint i = 0; order && i < order->len; i++)
		if (!g_ptr_array_find_with_equal_func(names, order->pdata[i], g_str_equal, NULL))
			g_ptr_array_add(names, g_strdup(order->pdata[i]));
	return order != NULL;
}

struct outside *outside_read(const char *path, gboolean is_livepatch, GError **error)
{
	AUTO(outside) outside = g_new0(struct outside, 1);
	AUTO(object) object = object_read(path, error);
	g_autofree char *depends = NULL, *kept = NULL;

	if (!object)
		return NULL;
	outside->path = g_strdup(path);
	outside->name = modules_info(object, "name");
	if (!outside->name) {
		klatch_fail(error, KLATCH_INPUT,
			    is_livepatch ? "this is no livepatch" : "this is no module", path, NULL,
			    "it has no module name");
		return NULL;
	}
	depends = modules_info(object, "depends");
	kept = modules_info(object, "klatch_keeps");
	outside->stays = kept != NULL;
	outside->needs = g_strsplit(depends ? depends : "", ",", -1);
	outside->objects = is_livepatch ? check_objects(path, error) : g_ptr_array_new();
	return outside->objects ? g_steal_pointer(&outside) : NULL;
}

const struct check_object *outside_object(const struct outside *livepatch, const char *name)
{
	for (guint i = 0; i < livepatch->objects->len; i++) {
		const struct check_object *object = g_ptr_array_index(livepatch->objects, i);

		if (!strcmp(object->name, name))
			return object;
	}
	return NULL;
}

/* As the kernel counts: all symbols of a name, in the order of the symbol table; 0 is the only one.
 */
static const struct symbol *find_symbol(const struct object *object, const char *name,
					guint64 sympos)
{
	for (guint i = 0; i < object->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->section && !strcmp(symbol->name, name) && sympos-- <= 1)
			return symbol;
	}
	return NULL;
}

/* The objects of the modules that late references lead to, each read once. */
static const struct object *open_module(const struct kernel *kernel, GHashTable *modules,
					const char *name, GError **error)
{
	struct object *object = g_hash_table_lookup(modules, name);

	if (!object) {
		object = modules_object(kernel, name, error);
		if (object)
			g_hash_table_insert(modules, g_strdup(name), object);
	}
	return object;
}

static gboolean site_fact(const struct kernel *kernel, GHashTable *modules, const char *label,
			  const struct check_site *site, GString *facts, GError **error)
{
	const struct object *module = open_module(kernel, modules, site->symbol_object, error);
	const struct symbol *symbol =
		module ? find_symbol(module, site->symbol, site->sympos) : NULL;

	if (!module)
		return FALSE;
	if (!symbol) {
		klatch_fail(error, KLATCH_INPUT, "this livepatch is not for this kernel",
			    site->symbol_object, NULL, "it has no symbol %s", site->symbol);
		return FALSE;
	}
	/* The kernel puts them where it has room and tells nobody. */
	if (!strcmp(symbol->section->name, ".data..percpu"))
		return TRUE;
	g_string_append_printf(facts,
			       "site %s %s %s %" G_GUINT64_FORMAT " %u %" G_GINT64_FORMAT
			       " %s %s %" G_GUINT64_FORMAT "\n",
			       label, site->object, site->section, site->offset, site->type,
			       site->addend, site->symbol_object, symbol->section->name,
			       symbol->value);
	return TRUE;
}

gboolean outside_facts(const struct outside *livepatch, const struct kernel *kernel,
		       const char *label, GString *facts, GError **error)
{
	g_autoptr(GHashTable) modules =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)object_free);
	g_autoptr(GPtrArray) sites = check_sites(livepatch->path, error);

	for (guint i = 0; i < livepatch->objects->len; i++) {
		const struct check_object *object = g_ptr_array_index(livepatch->objects, i);

		for (guint j = 0; j < object->functions->len; j++)
			g_string_append_printf(facts, "function %s %s %s\n", label, object->name,
					       (char *)object->functions->pdata[j]);
		for (guint j = 0; j < object->probes->len; j++)
			g_string_append_printf(facts, "probe %s %s %s\n", label, object->name,
					       (char *)object->probes->pdata[j]);
	}
	for (guint i = 0; sites && i < sites->len; i++)
		if (!site_fact(kernel, modules, label, g_ptr_array_index(sites, i), facts, error))
			return FALSE;
	return sites != NULL;
}
