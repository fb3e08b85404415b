/*
 * The rules of binding, one function each; the first that knows the symbol wins.
 *
 * The unit's own object comes before the exports: inside its own object a name leads to that
 * object's symbol, whoever else exports the same name.
 */
#include <string.h>

#include "base/error.h"
#include "link/bind.h"
#include "link/entry.h"
#include "link/x86.h"

/* The kernel reads names of klp symbols with sscanf(): so long at most, in the oldest of them. */
#define OBJECT_LIMIT 55
#define NAME_LIMIT   127

struct binder {
	struct scope *scope;
	const struct link_unit *unit;
	struct resolver *resolver;
	GHashTable *bindings; /* struct symbol * -> struct binding *, owned */
};

static void binding_free(gpointer at)
{
	struct binding *binding = at;

	g_free(binding->symbol);
	g_free(binding);
}

struct binder *binder_new(struct scope *scope, const struct link_unit *unit)
{
	struct binder *binder = g_new0(struct binder, 1);

	binder->scope = scope;
	binder->unit = unit;
	binder->resolver = resolver_new(unit, scope->policy);
	binder->bindings = g_hash_table_new_full(NULL, NULL, NULL, binding_free);
	return binder;
}

void binder_free(struct binder *binder)
{
	if (!binder)
		return;
	resolver_free(binder->resolver);
	g_hash_table_unref(binder->bindings);
	g_free(binder);
}

gboolean bind_is_vmlinux(const char *symbol_name)
{
	return g_str_has_prefix(symbol_name, KLP_SYMBOL "vmlinux.");
}

gboolean bind_is_late(const char *symbol_name)
{
	return g_str_has_prefix(symbol_name, KLP_SYMBOL) && !bind_is_vmlinux(symbol_name);
}

char *bind_name(const struct location *at)
{
	return g_strdup_printf(KLP_SYMBOL "%s.%s,%u", at->object, at->name, at->position);
}

static struct binding *plain(const char *name)
{
	struct binding *binding = g_new0(struct binding, 1);

	binding->symbol = g_strdup(name);
	return binding;
}

/* callable: who refers to it may mean to call it through its address. */
static struct binding *klp(const struct location *at, gboolean callable, const char *where,
			   GError **error)
{
	if (strlen(at->object) > OBJECT_LIMIT || strlen(at->name) > NAME_LIMIT) {
		refuse_binding(at->name, where, NULL, error,
			       "its name is too long for a livepatch symbol");
		return NULL;
	}

	struct binding *binding = g_new0(struct binding, 1);
	binding->symbol = bind_name(at);
	binding->shift = at->shift;
	binding->closed = callable && !entry_is_open(at->image, at->address + at->shift);
	return binding;
}

/* What another unit defines: the kernel's code refers to what has no ENDBR only to look at it. */
static struct binding *klp_undefined(const struct location *at, const char *where, GError **error)
{
	return klp(at, entry_has_endbr(at->image, at->address), where, error);
}

/* Whether the patched unit's code begins with ENDBR: the compiler saw its address taken. */
static gboolean is_callable(const struct symbol *symbol)
{
	const struct section *section = symbol->section;

	return symbol->type == STT_FUNC && symbol->value < section->size &&
	       x86_is_endbr(section->data + symbol->value, section->size - symbol->value);
}

static struct binding *bind_undefined(struct binder *binder, const char *name, const char *where,
				      GError **error);

/* A symbol that the unit's own object file defines: the original of it, in the running object. */
static struct binding *bind_defined(struct binder *binder, struct symbol *symbol, const char *where,
				    GError **error)
{
	const struct symbol *original = g_hash_table_lookup(binder->unit->diff->origins, symbol);
	struct location at;

	if (!original) {
		refuse_binding(*symbol->name ? symbol->name : symbol->section->name, where, NULL,
			       error,
			       "it is new, but does not come along with the patched functions");
		return NULL;
	}
	/* The link may have preferred another unit's definition. */
	if (original->binding == STB_WEAK)
		return bind_undefined(binder, original->name, where, error);
	if (scope_kernel_export(binder->scope, original->name) && original->binding != STB_LOCAL &&
	    !strcmp(binder->unit->unit->object, "vmlinux"))
		return plain(original->name);
	if (!resolve_original(binder->resolver, original, where, &at, error))
		return NULL;
	return klp(&at, is_callable(symbol), where, error);
}

/*
 * Whether what another object has is sure to be there while the unit's own is: vmlinux always, a
 * module only if this one depends on it.
 */
static gboolean is_there(struct binder *binder, const char *name, const char *object,
			 const char *where, GError **error)
{
	const char *user = binder->unit->unit->object;
	g_autoptr(GError) cause = NULL;

	if (!strcmp(object, "vmlinux") || !strcmp(object, user) ||
	    (strcmp(user, "vmlinux") != 0 && scope_depends(binder->scope, user, object, &cause)))
		return TRUE;
	if (cause) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return FALSE;
	}
	return refuse_binding(name, where, "let the patch do without it", error,
			      "it is in %s, which %s does not depend on: it may not be loaded",
			      object, user);
}

/* The code of a new function is bound when its object comes. */
static struct binding *bind_new(struct binder *binder, const char *name, const char *object,
				const char *where, GError **error)
{
	return is_there(binder, name, object, where, error) ? plain(name) : NULL;
}

/* What the patch makes global stays where it is: bound as its own unit binds it. */
static struct binding *bind_opened(struct binder *binder, const struct opened *opened,
				   const char *where, GError **error)
{
	AUTO(binder) owner = binder_new(binder->scope, opened->unit);

	if (!is_there(binder, opened->symbol->name, opened->unit->unit->object, where, error))
		return NULL;
	return bind_defined(owner, opened->symbol, where, error);
}

/* An export of another module: found among its symbols. */
static struct binding *bind_module_export(struct binder *binder, const struct export *export,
					  const char *where, GError **error)
{
	struct location at;

	if (!is_there(binder, export->name, export->object, where, error))
		return NULL;

	const struct image *image = scope_image(binder->scope, export->object, error);
	if (!image || !resolve_undefined(image, export->name, where, &at, error))
		return NULL;
	if (!at.name) {
		refuse_binding(export->name, where, NULL, error,
			       "it is not in the symbol table of %s", export->object);
		return NULL;
	}
	return klp_undefined(&at, where, error);
}

/* The last resort of a module: a symbol that vmlinux has, but does not export. */
static struct binding *bind_vmlinux(struct binder *binder, const char *name, const char *where,
				    GError **error)
{
	const struct image *image = binder->unit->image;
	struct location at;

	if (strcmp(binder->unit->unit->object, "vmlinux") != 0)
		image = scope_image(binder->scope, "vmlinux", error);
	if (!image || !resolve_undefined(image, name, where, &at, error))
		return NULL;
	if (!at.name) {
		refuse_binding(name, where, NULL, error,
			       "neither the patched units nor the kernel define it");
		return NULL;
	}
	return klp_undefined(&at, where, error);
}

static struct binding *bind_undefined(struct binder *binder, const char *name, const char *where,
				      GError **error)
{
	struct scope *scope = binder->scope;
	const char *object = binder->unit->unit->object;
	const char *bringer = g_hash_table_lookup(scope->globals, name);
	const struct opened *opened = scope_opened(scope, name, object);
	struct location at;

	if (g_str_has_prefix(name, KLATCH_SHADOW))
		return plain(name); /* the kernel side's */
	if (bringer && !strcmp(bringer, object))
		return bind_new(binder, name, bringer, where, error);
	if (opened && !strcmp(opened->unit->unit->object, object))
		return bind_opened(binder, opened, where, error);
	if (strcmp(object, "vmlinux") != 0) {
		if (!resolve_undefined(binder->unit->image, name, where, &at, error))
			return NULL;
		if (at.name)
			return klp_undefined(&at, where, error);
	}
	if (bringer)
		return bind_new(binder, name, bringer, where, error);
	if (scope_kernel_export(scope, name))
		return plain(name);

	const struct export *export = exports_find(scope->exports, name);
	if (export)
		return bind_module_export(binder, export, where, error);
	if (opened)
		return bind_opened(binder, opened, where, error);
	return bind_vmlinux(binder, name, where, error);
}

const struct binding *bind_symbol(struct binder *binder, struct symbol *symbol, const char *where,
				  GError **error)
{
	struct binding *binding = g_hash_table_lookup(binder->bindings, symbol);

	if (binding)
		return binding;
	binding = symbol->section ? bind_defined(binder, symbol, where, error)
				  : bind_undefined(binder, symbol->name, where, error);
	if (binding)
		g_hash_table_insert(binder->bindings, symbol, binding);
	return binding;
}

gboolean bind_replaced(struct binder *binder, const struct diff_function *function,
		       struct location *location, GError **error)
{
	return resolve_replaced(binder->resolver, function->original, binder->unit->unit->source,
				location, error);
}
