/*
 * Which units a patch touches: those compiled from its .c files and those that may include its
 * headers.
 */
#ifndef KLATCH_TREE_TOUCHED_H
#define KLATCH_TREE_TOUCHED_H

#include <glib.h>

#include "base/cleanup.h"
#include "tree/commands.h"
#include "tree/includes.h"
#include "tree/overlay.h"

struct toucher;

struct touched {
	GPtrArray *units; /* of borrowed struct unit *, each once, in order of the database */
	GPtrArray
		*refusals; /* of GError (KLATCH_REFUSED), owned: files whose change can't go live */
	GPtrArray *notes;  /* of char *, owned: files that this kernel does not build */
	GPtrArray *seen;   /* of borrowed struct unit *: of the kernel, that may see a file which is
			      refused because they are too many */
};

/* As touched_units(), asked of one file of the overlay (struct patched_file) at a time. */
struct toucher *toucher_new(const struct kernel *kernel, const struct commands *commands,
			    const struct overlay *overlay); /* keeps borrowed references */
struct touched *toucher_file(struct toucher *toucher, const struct patched_file *file,
			     GError **error);
void toucher_free(struct toucher *toucher);
DEFINE_AUTO(toucher, toucher_free)

struct touched *touched_units(const struct kernel *kernel, const struct commands *commands,
			      const struct overlay *overlay, GError **error);
void touched_free(struct touched *touched);
DEFINE_AUTO(touched, touched_free)

#endif
