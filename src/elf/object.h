/*
 * The object model: an ELF64 x86-64 file as one graph of sections, symbols and relocations that
 * point at each other, not indexes.  Read by libelf, changed freely, written by libelf.
 *
 * Formats: System V ABI (gABI) chapter 4, AMD64 psABI; SHF_RELA_LIVEPATCH and SHN_LIVEPATCH from
 * the kernel's include/uapi/linux/elf.h.
 *
 * After object_read() succeeded every offset, size, index and name can be trusted: relocations lie
 * within their section's data, symbols within their section (or at its end), names are UTF-8-safe
 * NUL-terminated strings.  That is checked once, there.
 */
#ifndef KLATCH_ELF_OBJECT_H
#define KLATCH_ELF_OBJECT_H

#include <elf.h>
#include <glib.h>

#include "base/cleanup.h"

#ifndef SHF_RELA_LIVEPATCH
#define SHF_RELA_LIVEPATCH 0x00100000
#endif
#ifndef SHN_LIVEPATCH
#define SHN_LIVEPATCH 0xff20
#endif

struct section;

struct symbol {
	char *name;		 /* "" for a section symbol; never NULL */
	struct section *section; /* where it is defined; NULL if undefined or special */
	guint64 value;		 /* offset in its section; the value itself for SHN_ABS */
	guint64 size;
	guint16 special;   /* without section: SHN_UNDEF, SHN_ABS, SHN_COMMON, SHN_LIVEPATCH */
	guint8 type;	   /* STT_* */
	guint8 binding;	   /* STB_* */
	guint8 visibility; /* STV_* */
	guint32 index;	   /* position in object->symbols (kept by the model; 0 is the first
			      real symbol, the null symbol is not in the model) */
};

struct reloc {
	guint64 offset;	       /* in the section it applies to */
	guint32 type;	       /* R_X86_64_* */
	struct symbol *symbol; /* NULL for symbol 0 */
	gint64 addend;
};

struct section {
	char *name;
	guint32 type;	 /* SHT_*; symbol tables, string tables and ordinary SHT_RELA and
			    SHT_GROUP sections are not in the model: the writer makes the former */
	guint64 flags;	 /* SHF_* */
	guint64 address; /* sh_addr; 0 in ET_REL */
	guint64 align;
	guint64 entsize;
	guint8 *data; /* owned; NULL for SHT_NOBITS and SHF_RELA_LIVEPATCH */
	gsize size;
	GArray *relocs; /* of struct reloc, by rising offset; never NULL; those of the ordinary
			   .rela section, or for SHT_RELA with SHF_RELA_LIVEPATCH its own content */
	struct section *relocates; /* only for SHF_RELA_LIVEPATCH: the section it applies to */
	struct section *linked;	   /* SHF_LINK_ORDER: the section that sh_link names, or NULL */
	struct symbol *symbol;	   /* its STT_SECTION symbol, or NULL */
	guint32 index;		   /* position in object->sections */
};

struct object {
	char *name;	     /* the path it was read from, for messages */
	guint16 type;	     /* ET_REL, ET_EXEC, ET_DYN */
	GPtrArray *sections; /* of struct section, owned */
	GPtrArray *symbols;  /* of struct symbol, owned, in file order (STT_FILE kept) */
};

/*
 * Reads an object.  KLATCH_INPUT error that names the path and what is wrong if it is not a sound
 * little-endian ELF64 x86-64 file.  Of ET_EXEC and ET_DYN only the sections are read.  A symbol
 * that is defined in a section outside of the model (a group's signature) is not in the model.
 * object_read_bytes() keeps no reference to the bytes.
 */
struct object *object_read(const char *path, GError **error);
struct object *object_read_bytes(GBytes *bytes, const char *name, GError **error);

/* An empty ET_REL object. */
struct object *object_new(const char *name);
void object_free(struct object *object);
DEFINE_AUTO(object, object_free)

/*
 * Writes an ET_REL object: local symbols are moved before global ones (stable otherwise, indexes
 * renewed), section symbols made where a relocation needs one.  Aside, flushed, renamed.  The
 * output depends on the model alone: the same model gives the same bytes, which object_bytes() only
 * makes.
 */
GBytes *object_bytes(struct object *object, GError **error);
gboolean object_write(struct object *object, const char *path, GError **error);

/* The index that a symbol has, or will have, in the written file (the null symbol counted). */
guint32 object_symbol_file_index(struct object *object, const struct symbol *symbol);

/* The first section or symbol of a name, or NULL.  Borrowed.  Linear: keep a table for many. */
struct section *object_section(const struct object *object, const char *name);
struct symbol *object_symbol(const struct object *object, const char *name);

/* Whether the name of a symbol, defined or not, begins so. */
gboolean object_has_symbols(const struct object *object, const char *prefix);

/* Appends; the object owns what is returned.  data is copied (NULL with a size: zeros). */
struct section *object_add_section(struct object *object, const char *name, guint32 type,
				   guint64 flags, guint64 align, const void *data, gsize size);
struct symbol *object_add_symbol(struct object *object, const char *name, struct section *section,
				 guint64 value, guint64 size, guint8 type, guint8 binding);
/* An undefined global symbol; an existing one of that name is returned instead. */
struct symbol *object_add_undefined(struct object *object, const char *name);
/* The section's STT_SECTION symbol, made if there is none. */
struct symbol *object_section_symbol(struct object *object, struct section *section);

/* Appends bytes (zeros if data is NULL) after aligning the end; returns the offset they got. */
guint64 section_append(struct section *section, const void *data, gsize size, guint64 align);

/* Adds a relocation, keeping the order by offset. */
void section_add_reloc(struct section *section, guint64 offset, guint32 type, struct symbol *symbol,
		       gint64 addend);

/* The first relocation at or after an offset, as an index into section->relocs (may be its len). */
guint section_reloc_index(const struct section *section, guint64 offset);

/* The relocation at exactly an offset, or NULL.  Borrowed. */
struct reloc *section_reloc_at(const struct section *section, guint64 offset);

/* The size in bytes of the field that a relocation type writes, 0 for none; -1 if unknown. */
int reloc_size(guint32 type);
/* Whether the value written is relative to the place. */
gboolean reloc_is_relative(guint32 type);
/* The name of a type ("R_X86_64_PC32"), or "unknown relocation type".  Static. */
const char *reloc_name(guint32 type);

static inline struct section *object_section_at(const struct object *object, guint index)
{
	return g_ptr_array_index(object->sections, index);
}

static inline struct symbol *object_symbol_at(const struct object *object, guint index)
{
	return g_ptr_array_index(object->symbols, index);
}

static inline struct reloc *section_reloc(const struct section *section, guint index)
{
	return &g_array_index(section->relocs, struct reloc, index);
}

/* Whether it holds relocations that the kernel's livepatch code applies when a target comes. */
static inline gboolean section_is_livepatch_rela(const struct section *section)
{
	return section->type == SHT_RELA && (section->flags & SHF_RELA_LIVEPATCH);
}

static inline gboolean section_is_text(const struct section *section)
{
	return (section->flags & (SHF_ALLOC | SHF_EXECINSTR)) == (SHF_ALLOC | SHF_EXECINSTR);
}

#endif
