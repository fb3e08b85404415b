/*
 * What was shipped, as flat bytes at addresses: vmlinux as it is linked, or a module laid out at
 * addresses of our own with its relocations applied (undefined symbols at addresses of their own,
 * far from each other).  So the proof needs one algorithm for both.
 */
#ifndef KLATCH_MATCH_IMAGE_H
#define KLATCH_MATCH_IMAGE_H

#include <glib.h>

#include "base/cleanup.h"
#include "elf/object.h"
#include "kernel/kernel.h"

struct image;

/* name: "vmlinux" or a module of the kernel. */
struct image *image_open(const struct kernel *kernel, const char *name, GError **error);
void image_free(struct image *image);
DEFINE_AUTO(image, image_free)

/* The image of a module that was read already; takes the object, also on error. */
struct image *image_of_module(struct object *module, const char *name, guint series,
			      GError **error);

const char *image_name(const struct image *image);

/* The kernel's series (struct kernel), for the table of special sections. */
guint image_series(const struct image *image);

/* The bytes at an address and how many follow in the same section; NULL if there are none (bss has
 * an address and a size but no bytes). */
const guint8 *image_bytes(const struct image *image, guint64 address, guint64 *available);

/* Where the first section of a name lies.  False if there is none. */
gboolean image_section(const struct image *image, const char *name, guint64 *address,
		       guint64 *size);

/* One of its sections, by rising address. */
struct image_region {
	const char *name;
	guint64 address, size;
	const guint8 *bytes; /* NULL for bss */
	guint64 flags;	     /* SHF_* */
};
gboolean image_region(const struct image *image, guint index, struct image_region *region);

/* The name of the symbol at an address, or else of the nearest one before it in the same section;
 * NULL if there is none.  Whether any symbol's name begins with a prefix.  Linear. */
const char *image_symbol(const struct image *image, guint64 address);
gboolean image_has_prefix(const struct image *image, const char *prefix);

/* The addresses of every symbol of a name, in the image's order; borrowed, *count 0 if none.
 * An undefined symbol of a module is there too, at its invented address. */
const guint64 *image_addresses(const struct image *image, const char *name, gsize *count);

/* Whether an undefined reference to a name leads to an address: to the global symbol of that name,
 * or if the image has no global one (the link may have made it local) to any of that name. */
gboolean image_resolves(const struct image *image, const char *name, guint64 address);

/* The text at a symbol, or NULL if there is no such symbol, or several, or no text.  Borrowed. */
const char *image_text(const struct image *image, const char *symbol);

/* An address in words, for messages: "foo", "foo+0x10", ".rodata+0x40".  Caller frees. */
char *image_describe(const struct image *image, guint64 address);

/*
 * How the kernel's livepatch code finds a symbol: the position among symbols of that name.
 * Sets *coming and *live to the sympos (0: unique; else 1, 2, ...) in the view the kernel has while
 * the object is COMING (all symbols, init ones too) and when it is LIVE (core ones only); the same
 * for vmlinux.  False if there is no symbol of that name at that address in one of them.
 */
gboolean image_sympos(const struct image *image, const char *name, guint64 address, guint *coming,
		      guint *live);

#endif
