/*
 * What the files of this room share.
 *
 * The unknowns of a match are the addresses of the stock object's sections in the image: the link
 * copies a section whole, so one address tells all.  An address is found by name, then by what
 * located sections refer to; each section that is found is compared in full, and thereby finds
 * others.
 */
#ifndef KLATCH_MATCH_INSIDE_H
#define KLATCH_MATCH_INSIDE_H

#include "match/image.h"
#include "match/match.h"

struct place {
	gboolean known;
	gboolean alike; /* not known, as it may be at several addresses by name, bytes and
			   relocations */
	guint64 address;
};

struct match {
	const struct image *image;
	const struct object *stock;
	struct place *places;	/* of the sections, by index */
	GPtrArray *found;	/* of struct section: those with a place, in the order of finding */
	guint compared;		/* how many of them were compared */
	GPtrArray *named;	/* of GPtrArray of struct symbol, by section: those whose names tell
				   where the section lies */
	GHashTable *own_places; /* struct symbol -> struct place, for symbols that have an address
				   of their own: merged strings, and undefined ones without a name
				   in the image */
};

/* Whether a symbol is one of the source: no section, file or empty name. */
gboolean symbol_is_named(const struct symbol *symbol);

/* Whether the image has a symbol of that name at an address. */
gboolean symbol_is_at(const struct match *match, const struct symbol *symbol, guint64 address);

/* Whether the link merges a section's entries by content instead of copying it whole. */
gboolean section_is_merged(const struct section *section);

/* The shipped bytes where a section would lie; NULL if it can't lie there (or is bss: then *fits).
 */
const guint8 *section_shipped(const struct match *match, const struct section *section,
			      guint64 address, gboolean *fits);

/* Says where a section lies; false if it can't lie there. */
gboolean section_settle(struct match *match, struct section *section, guint64 address);

/* Compares the sections that were found, and what is found by that. */
gboolean match_found(struct match *match, GError **error);

/*
 * The first offset in [from, to) at which a section's bytes, relocations aside, are not the shipped
 * ones; `to` if there is none.  shipped: those of offset 0.
 */
guint64 bytes_differ(const struct section *section, const guint8 *shipped, guint64 from,
		     guint64 to);

/* --- references ------------------------------------------------------------------------------ */

enum lead {
	LEADS_ASTRAY,  /* to something else than the symbol it names */
	LEADS_UNKNOWN, /* where that symbol lies is not known yet */
	LEADS_HOME,
};

/* Where the shipped field of a relocation leads, the field being at `place`.  `shipped`: its bytes.
 */
enum lead reference_leads(const struct match *match, const struct reloc *reloc,
			  const guint8 *shipped, guint64 place);

/*
 * The first relocation in [from, to) of a section that leads astray, or whose field runs over `to`;
 * NULL if there is none.  shipped and address: those of the section's offset 0.  follow: what was
 * not known becomes known by it.
 */
const struct reloc *first_astray(struct match *match, const struct section *section,
				 const guint8 *shipped, guint64 address, guint64 from, guint64 to,
				 gboolean follow);

/* --- tables ---------------------------------------------------------------------------------- */

/* Finds each entry of the special tables in the image's tables. */
gboolean tables_match(struct match *match, GError **error);

/* --- refusals -------------------------------------------------------------------------------- */

/* A difference at an offset of a section, in words.  Returns FALSE. */
gboolean refuse_at(const struct match *match, const struct section *section, guint64 offset,
		   GError **error, const char *why, ...) G_GNUC_PRINTF(5, 6);

/* Bytes that differ, or which symbol they lead to. */
gboolean refuse_difference(const struct match *match, const struct section *section, guint64 offset,
			   GError **error);

/* A relocation that leads astray. */
gboolean refuse_reference(const struct match *match, const struct section *section,
			  const struct reloc *reloc, const guint8 *shipped, guint64 place,
			  GError **error);

/* A section with named symbols that is nowhere in the image: names the first symbol that differs.
 */
gboolean refuse_section(const struct match *match, const struct section *section, GError **error);

#endif
