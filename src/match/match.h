/*
 * The gate: proves that a unit compiled with stock flags is what was shipped, byte for byte and
 * relocation for relocation, and thereby learns the address of each of its symbols.
 *
 * Not compared, because the link or a tool after it makes them anew: .orc_unwind and .orc_unwind_ip
 * (objtool makes them from the code, which is compared), .BTF_ids (filled in at link), what is
 * dropped at link (.discard.*, of vmlinux __patchable_function_entries, which nothing reads),
 * .ibt_endbr_seal (objtool makes it of all that is linked: whose address one unit does not take
 * another may), and the tables of exports and of module information.
 */
#ifndef KLATCH_MATCH_MATCH_H
#define KLATCH_MATCH_MATCH_H

#include <glib.h>

#include "base/cleanup.h"
#include "elf/object.h"
#include "match/image.h"

struct match;

/*
 * Matches a stock object against the image it was linked into.  Every byte of every text section
 * and of every data section that is located (by name, or because what was matched refers to it)
 * must be equal, every entry of the special tables must be there, and every relocation must lead to
 * the symbol it names.  KLATCH_REFUSED naming function and offset (or data symbol) of the first
 * difference.  Keeps borrowed references to image and object.
 */
struct match *match_unit(const struct image *image, const struct object *stock, GError **error);
void match_free(struct match *match);
DEFINE_AUTO(match, match_free)

/* The address in the image of a symbol that the stock object defines.  False if it was not located:
 * nothing that was matched refers to it. */
gboolean match_address(const struct match *match, const struct symbol *symbol, guint64 *address);

struct match_count {
	guint functions; /* function symbols matched in full */
	guint data;	 /* data symbols located and equal */
};
struct match_count match_count(const struct match *match);

#endif
