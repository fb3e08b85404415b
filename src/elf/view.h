/*
 * An object read in place: what a census of thousands needs, without a model of each.  Sections,
 * symbols and relocations are those of the file, by its own indexes, checked as object.h says of
 * its own: once view_open() succeeded section names, symbols and symbol names can be trusted, and
 * relocations that view_relocs() handed out.
 */
#ifndef KLATCH_ELF_VIEW_H
#define KLATCH_ELF_VIEW_H

#include <elf.h>
#include <glib.h>

#include "base/cleanup.h"

struct view;

struct view_section {
	const char *name;
	const Elf64_Shdr *header;
	guint relocs; /* index of the section that holds its relocations, or 0 */
};

struct view_symbol {
	const char *name;
	guint section; /* where it is defined; 0: elsewhere, or an absolute value */
	guint64 value; /* offset in its section */
	guint64 size;
	guint8 type; /* STT_* */
	guint8 binding;
};

/* KLATCH_INPUT if the bytes, which are kept by reference, are not a sound x86-64 object.  Of
 * ET_EXEC only the sections are read.  Section 0 and symbol 0 are there, and empty. */
struct view *view_open(GBytes *bytes, const char *name, GError **error);
void view_free(struct view *view);
DEFINE_AUTO(view, view_free)

guint view_section_count(const struct view *view);
guint view_symbol_count(const struct view *view);
const struct view_section *view_section(const struct view *view, guint index);
const struct view_symbol *view_symbol(const struct view *view, guint index);

/* The bytes of a section: NULL for SHT_NOBITS. */
const guint8 *view_data(const struct view *view, guint section);

/*
 * The relocations of a section, after all of them were checked to lie in it and to name a symbol.
 * Returns FALSE with error if not; *count is 0 if there are none.
 */
gboolean view_relocs(const struct view *view, guint section, const Elf64_Rela **relocs,
		     gsize *count, GError **error);

#endif
