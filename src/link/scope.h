/*
 * What all units of one livepatch share while their references are bound: what the kernel exports,
 * the images of other objects, and the globals that the units themselves bring along.
 */
#ifndef KLATCH_LINK_SCOPE_H
#define KLATCH_LINK_SCOPE_H

#include <glib.h>

#include "base/cleanup.h"
#include "kernel/exports.h"
#include "link/link.h"

struct scope {
	const struct kernel *kernel;
	enum klatch_policy policy;
	struct exports *exports;
	GHashTable *images;  /* name -> struct image * that was opened for a symbol, owned */
	GHashTable *entries; /* symbol (owned) -> unit that made an entry for it (link/entry.h) */
	GHashTable *globals; /* new global that comes along -> its unit's object; both borrowed */
	GHashTable *opened;  /* name -> GArray of struct opened, owned */
};

/* A static function or variable of a unit that the patch makes global: it stays where it is. */
struct opened {
	const struct link_unit *unit;
	struct symbol *symbol; /* of its patched object */
};

/* KLATCH_REFUSED if two units bring along a global of the same name. */
struct scope *scope_new(const struct kernel *kernel, enum klatch_policy policy,
			const struct link_unit *units, gsize count, GError **error);
void scope_free(struct scope *scope);
DEFINE_AUTO(scope, scope_free)

/* Whether a symbol of a unit's patched object is a new global that comes along. */
gboolean scope_is_new_global(const struct link_unit *unit, struct symbol *symbol);

/*
 * What a reference of an object's unit to a name means of what the patch makes global: that of the
 * same object, or for a module the only one elsewhere.  NULL if there is none.  Borrowed.
 */
const struct opened *scope_opened(const struct scope *scope, const char *name, const char *object);

/* Notes that a unit makes an entry for a symbol.  FALSE if another unit did: the function would
 * have two addresses. */
gboolean scope_add_entry(struct scope *scope, const char *symbol, const struct unit *unit);

/* The export of a name by vmlinux, or NULL. */
const struct export *scope_kernel_export(const struct scope *scope, const char *name);

/* The image of an object, opened once.  Borrowed. */
const struct image *scope_image(struct scope *scope, const char *name, GError **error);

/* Whether a module depends, directly or not, on another.  FALSE without error if not. */
gboolean scope_depends(const struct scope *scope, const char *module, const char *on,
		       GError **error);

#endif
