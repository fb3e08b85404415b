/*
 * Where a symbol of a running object is, as the kernel's livepatch code will look for it: by name
 * and position among the symbols of that name.
 */
#ifndef KLATCH_LINK_RESOLVE_H
#define KLATCH_LINK_RESOLVE_H

#include <glib.h>

#include "base/cleanup.h"
#include "link/link.h"
#include "match/image.h"

struct location {
	const char *object; /* "vmlinux" or a module's name */
	const char *name;
	guint position; /* sympos: 0 if the name is unique */
	gint64 shift; /* what was asked for lies so far behind the symbol of that name, or before */
	const struct image *image; /* the object's */
	guint64 address;	   /* of that symbol there */
};

/* The symbols of one unit's stock object by name. */
struct resolver;

struct resolver *resolver_new(const struct link_unit *unit, enum klatch_policy policy);
void resolver_free(struct resolver *resolver);
DEFINE_AUTO(resolver, resolver_free)

/*
 * Locates what a symbol of the unit's original object is in the running object: by its own name, or
 * as a place behind another symbol if it is data without a name, or if the kernel counts its
 * namesakes differently while its module is coming and when it is live.  where: who asks, for the
 * error, KLATCH_REFUSED.  Policy kernel takes the position that it has while its module is coming,
 * though it may have another afterwards.
 */
gboolean resolve_original(const struct resolver *resolver, const struct symbol *original,
			  const char *where, struct location *location, GError **error);

/* Likewise a function to replace, which the kernel looks for by its name: nothing else will do. */
gboolean resolve_replaced(const struct resolver *resolver, const struct symbol *original,
			  const char *where, struct location *location, GError **error);

/*
 * Locates what an undefined reference to a name leads to in an image.  Location's name is NULL if
 * the image does not define it; an error if it does, but can't be told from others.
 */
gboolean resolve_undefined(const struct image *image, const char *name, const char *where,
			   struct location *location, GError **error);

/* Sets the refusal "<name> can't be bound"; hint may be NULL; why is a printf format.  Returns
 * FALSE. */
gboolean refuse_binding(const char *name, const char *where, const char *hint, GError **error,
			const char *why, ...) G_GNUC_PRINTF(5, 6);

#endif
