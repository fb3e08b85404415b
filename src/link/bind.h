/*
 * Binding: what each reference out of replacement code will lead to once it runs.
 */
#ifndef KLATCH_LINK_BIND_H
#define KLATCH_LINK_BIND_H

#include <glib.h>

#include "base/cleanup.h"
#include "link/link.h"
#include "link/resolve.h"
#include "link/scope.h"

/* Every klp symbol begins so: ".klp.sym.OBJECT.NAME,POSITION". */
#define KLP_SYMBOL ".klp.sym."

struct binding {
	char *symbol; /* the symbol's name in the livepatch: plain if it is exported or comes along
			 with another unit, else that of a klp symbol */
	gint64 shift; /* to add to the addend */
	gboolean closed; /* a function that can't be called through its address (link/entry.h) */
};

/* The bindings of one unit. */
struct binder;

/* Keeps borrowed references to both. */
struct binder *binder_new(struct scope *scope, const struct link_unit *unit);
void binder_free(struct binder *binder);
DEFINE_AUTO(binder, binder_free)

/*
 * Binds a symbol of the unit's patched object that does not come along: undefined, or what has an
 * origin.  In this order: what another unit brings along, the unit's own object, an export of
 * vmlinux, an export of another module that the unit's module depends on, what the patch makes
 * global of such a module or of vmlinux, any symbol of vmlinux.
 * where: who refers to it, for the error, KLATCH_REFUSED.  Borrowed.
 */
const struct binding *bind_symbol(struct binder *binder, struct symbol *symbol, const char *where,
				  GError **error);

/*
 * Locates the function that a changed function of the unit replaces: exactly, for ftrace has to
 * find its entry.
 */
gboolean bind_replaced(struct binder *binder, const struct diff_function *function,
		       struct location *location, GError **error);

/* The name of the klp symbol of a location.  Caller frees. */
char *bind_name(const struct location *at);

/* Whether a symbol's name is that of a klp symbol of vmlinux, or of a module: a late reference. */
gboolean bind_is_vmlinux(const char *symbol_name);
gboolean bind_is_late(const char *symbol_name);

#endif
