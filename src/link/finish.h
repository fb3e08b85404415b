/*
 * The last step: a joined object becomes a livepatch module.
 */
#ifndef KLATCH_LINK_FINISH_H
#define KLATCH_LINK_FINISH_H

#include <glib.h>

#include "elf/object.h"
#include "kernel/exports.h"
#include "link/link.h"

/* Makes every symbol local that the joined units define: they are each other's, not the kernel's.
 */
void finish_hide_symbols(struct object *object);

/*
 * Gives the module its name, the rest of its information, and the versions of what it uses.
 * KLATCH_REFUSED if it uses what vmlinux does not export.
 */
gboolean finish_module(struct object *object, const struct link_options *options,
		       const struct exports *exports, GError **error);

/* Says what the kernel may keep (link/kept.h) for those who look at the file or the machine: what
 * late/ reads is in the tables.  Nothing to say if that is empty. */
void finish_kept(struct object *object, const GPtrArray *kept);

/* Says what the livepatch was made of and with: the sources of the options, this klatch, and the
 * compiler of an object that was compiled for it. */
void finish_origin(struct object *object, const struct link_options *options,
		   const struct object *compiled);

/* Makes klp symbols and relocations what the kernel's livepatch code expects.  Nothing but
 * numbering the sites may follow. */
void finish_livepatch(struct object *object);

#endif
