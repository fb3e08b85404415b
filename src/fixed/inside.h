/*
 * The files of this room to each other.
 */
#ifndef KLATCH_FIXED_INSIDE_H
#define KLATCH_FIXED_INSIDE_H

#include <glib.h>

#include "elf/object.h"
#include "kernel/kernel.h"

/* What is common to the module without the patches and with them. */
struct fixed {
	const struct kernel *kernel;
	const char *name;	/* "usb_storage" */
	char *place;		/* "drivers/usb/storage/usb-storage": in the tree, no suffix */
	gboolean outside;	/* not of the kernel's own tree */
	GPtrArray *units;	/* of borrowed struct unit *, in order of linking */
	struct object *shipped; /* the module as installed */
};

/* A file of the module below a directory that stands for the build tree, by its suffix.  Caller
 * frees. */
char *fixed_file(const struct fixed *fixed, const char *directory, const char *suffix);

/*
 * Runs the kernel's modpost on the module's linked units, the file ".o" below `directory`, and so
 * makes ".mod.c" beside it.  objects: of char *, those of fixed->units.
 */
gboolean modpost_run(const struct fixed *fixed, const char *directory, const GPtrArray *objects,
		     GError **error);

/*
 * Whether a module is the shipped one: every section but the build ID, every relocation, every
 * symbol.  KLATCH_REFUSED naming the first difference if not.
 */
gboolean same_module(const struct object *module, const struct object *shipped, GError **error);

#endif
