/*
 * The scope of a livepatch: opened once, images only as symbols ask for them.
 */
#include <string.h>

#include "base/error.h"
#include "diff/opened.h"
#include "kernel/modules.h"
#include "link/scope.h"

gboolean scope_is_new_global(const struct link_unit *unit, struct symbol *symbol)
{
	return symbol->binding != STB_LOCAL && symbol->section &&
	       g_hash_table_contains(unit->diff->sections, symbol->section) &&
	       !g_hash_table_contains(unit->diff->origins, symbol);
}

static gboolean add_globals(struct scope *scope, const struct link_unit *unit, GError **error)
{
	for (guint i = 0; i < unit->patched->symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(unit->patched, i);

		if (!scope_is_new_global(unit, symbol) ||
		    g_hash_table_insert(scope->globals, symbol->name, (char *)unit->unit->object))
			continue;
		klatch_fail(error, KLATCH_REFUSED, "the units can't be linked", unit->unit->source,
			    NULL, "%s is also defined in another patched unit", symbol->name);
		return FALSE;
	}
	return TRUE;
}

static void add_opened(struct scope *scope, const struct link_unit *unit)
{
	g_autoptr(GPtrArray) symbols = diff_opened(unit->diff);

	for (guint i = 0; i < symbols->len; i++) {
		struct opened opened = {unit, g_ptr_array_index(symbols, i)};
		GArray *same = g_hash_table_lookup(scope->opened, opened.symbol->name);

		if (!same) {
			same = g_array_new(FALSE, FALSE, sizeof(struct opened));
			g_hash_table_insert(scope->opened, opened.symbol->name, same);
		}
		g_array_append_val(same, opened);
	}
}

struct scope *scope_new(const struct kernel *kernel, enum klatch_policy policy,
			const struct link_unit *units, gsize count, GError **error)
{
	AUTO(scope) scope = g_new0(struct scope, 1);

	scope->kernel = kernel;
	scope->policy = policy;
	scope->images =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)image_free);
	scope->globals = g_hash_table_new(g_str_hash, g_str_equal);
	scope->opened =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
	scope->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	scope->exports = exports_read(kernel->symvers, error);
	if (!scope->exports)
		return NULL;
	for (gsize i = 0; i < count; i++) {
		if (!add_globals(scope, &units[i], error))
			return NULL;
		add_opened(scope, &units[i]);
	}
	return g_steal_pointer(&scope);
}

void scope_free(struct scope *scope)
{
	if (!scope)
		return;
	exports_free(scope->exports);
	g_hash_table_unref(scope->images);
	g_hash_table_unref(scope->globals);
	g_hash_table_unref(scope->opened);
	g_hash_table_unref(scope->entries);
	g_free(scope);
}

const struct opened *scope_opened(const struct scope *scope, const char *name, const char *object)
{
	const GArray *same = g_hash_table_lookup(scope->opened, name);

	for (guint i = 0; same && i < same->len; i++) {
		const struct opened *opened = &g_array_index(same, struct opened, i);

		if (!strcmp(opened->unit->unit->object, object))
			return opened;
	}
	if (!same || same->len > 1 || !strcmp(object, "vmlinux"))
		return NULL;
	return &g_array_index(same, struct opened, 0);
}

gboolean scope_add_entry(struct scope *scope, const char *symbol, const struct unit *unit)
{
	const struct unit *maker = g_hash_table_lookup(scope->entries, symbol);

	if (!maker)
		g_hash_table_insert(scope->entries, g_strdup(symbol), (gpointer)unit);
	return !maker || maker == unit;
}

const struct export *scope_kernel_export(const struct scope *scope, const char *name)
{
	const struct export *found = exports_find(scope->exports, name);

	return found && !strcmp(found->object, "vmlinux") ? found : NULL;
}

const struct image *scope_image(struct scope *scope, const char *name, GError **error)
{
	struct image *image = g_hash_table_lookup(scope->images, name);

	if (!image) {
		image = image_open(scope->kernel, name, error);
		if (image)
			g_hash_table_insert(scope->images, (char *)image_name(image), image);
	}
	return image;
}

gboolean scope_depends(const struct scope *scope, const char *module, const char *on,
		       GError **error)
{
	g_autoptr(GPtrArray) names = modules_dependencies(scope->kernel, module, error);

	return names && g_ptr_array_find_with_equal_func(names, on, g_str_equal, NULL);
}
