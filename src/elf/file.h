/*
 * An ELF file as libelf opens it, and the checks that every reader of one needs.  For this room.
 */
#ifndef KLATCH_ELF_FILE_H
#define KLATCH_ELF_FILE_H

#include <glib.h>
#include <libelf.h>

struct elf_file {
	const char *name; /* for messages; borrowed */
	gsize size;
	Elf *elf;
	guint16 type; /* ET_* */
	gsize section_count;
	gsize symtab; /* index of the symbol table, 0 if there is none */
};

/* A table of strings that was checked to end with NUL, so that each string in it does. */
struct elf_strings {
	const char *data;
	gsize size;
};

/*
 * Opens a little-endian ELF64 x86-64 file in memory, which must outlive it, and checks that every
 * section lies in it and none overlap.  To be closed whether this succeeds or not.
 */
gboolean elf_file_open(struct elf_file *file, const void *data, gsize size, const char *name,
		       GError **error);
void elf_file_close(struct elf_file *file);

/* "the object can't be read" and why, as KLATCH_INPUT.  Returns FALSE. */
gboolean elf_file_fail(const struct elf_file *file, GError **error, const char *why, ...)
	G_GNUC_PRINTF(3, 4);

Elf64_Shdr *elf_file_header(const struct elf_file *file, gsize index);

gboolean elf_file_strings(const struct elf_file *file, gsize index, struct elf_strings *strings,
			  GError **error);
gboolean elf_file_section_names(const struct elf_file *file, struct elf_strings *names,
				GError **error);
/* NULL if there is none at that offset, or if it is not text. */
const char *elf_strings_get(const struct elf_strings *strings, gsize offset);

/* A table of fixed entries, or NULL if its size or place can't be right. */
const Elf_Data *elf_file_table(const struct elf_file *file, gsize index, gsize entry_size);

/* The table that holds the section indexes which don't fit a symbol's own 16 bits, or NULL. */
const Elf_Data *elf_file_extended_indexes(const struct elf_file *file);

/* The section that a symbol is defined in: 0 if it is none; false if it can't be told. */
gboolean elf_file_symbol_section(const struct elf_file *file, const Elf64_Sym *from, gsize number,
				 const Elf_Data *extended, gsize *index);

#endif
