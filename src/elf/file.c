/*
 * What both readers check of a file.
 */
#include "elf/file.h"

#include "base/error.h"
#include "elf/object.h"

gboolean elf_file_fail(const struct elf_file *file, GError **error, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	g_autofree char *text = g_strdup_vprintf(why, args);
	va_end(args);
	klatch_fail(error, KLATCH_INPUT, "the object can't be read", file->name, NULL, "%s", text);
	return FALSE;
}

Elf64_Shdr *elf_file_header(const struct elf_file *file, gsize index)
{
	return elf64_getshdr(elf_getscn(file->elf, index));
}

static gboolean check_file_header(struct elf_file *file, GError **error)
{
	if (elf_kind(file->elf) != ELF_K_ELF)
		return elf_file_fail(file, error, "it is not an ELF file");

	gsize size;
	const char *ident = elf_getident(file->elf, &size);
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB)
		return elf_file_fail(file, error, "it is not a little-endian ELF64 file");

	const Elf64_Ehdr *header = elf64_getehdr(file->elf);
	if (!header)
		return elf_file_fail(file, error, "its header is damaged: %s", elf_errmsg(-1));
	if (header->e_machine != EM_X86_64)
		return elf_file_fail(file, error, "it is for machine %u, not for x86-64",
				     header->e_machine);
	if (header->e_type != ET_REL && header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return elf_file_fail(file, error, "it is of type %u, not an object or a program",
				     header->e_type);
	if (elf_getshdrnum(file->elf, &file->section_count) || file->section_count == 0 ||
	    header->e_shoff == 0 || header->e_shoff % sizeof(guint64) ||
	    header->e_shentsize != sizeof(Elf64_Shdr))
		return elf_file_fail(file, error, "it has no usable section table");
	file->type = header->e_type;
	return TRUE;
}

/* No file of sound make has sections that share bytes; a small file that did could fill memory. */
static gboolean check_bounds(const struct elf_file *file, const Elf64_Shdr *header, gsize index,
			     guint64 *taken, GError **error)
{
	if (header->sh_addralign & (header->sh_addralign - 1) || header->sh_addralign > G_MAXINT32)
		return elf_file_fail(file, error, "section %zu has an impossible alignment", index);
	if (header->sh_type == SHT_NULL)
		return TRUE;
	if (header->sh_size > G_MAXUINT32)
		return elf_file_fail(file, error, "section %zu is over 4 GiB", index);
	if (header->sh_type == SHT_NOBITS)
		return TRUE;
	if (header->sh_offset > file->size || header->sh_size > file->size - header->sh_offset)
		return elf_file_fail(file, error, "section %zu lies outside of the file", index);
	*taken += header->sh_size;
	if (*taken > file->size)
		return elf_file_fail(file, error, "its sections overlap");
	return TRUE;
}

static gboolean check_sections(struct elf_file *file, GError **error)
{
	guint64 taken = 0;

	for (gsize i = 0; i < file->section_count; i++) {
		const Elf64_Shdr *header = elf_file_header(file, i);

		if (!header)
			return elf_file_fail(file, error, "section %zu is damaged: %s", i,
					     elf_errmsg(-1));
		if (!check_bounds(file, header, i, &taken, error))
			return FALSE;
		if (header->sh_type != SHT_SYMTAB)
			continue;
		if (file->symtab)
			return elf_file_fail(file, error, "it has two symbol tables");
		file->symtab = i;
	}
	return TRUE;
}

gboolean elf_file_strings(const struct elf_file *file, gsize index, struct elf_strings *strings,
			  GError **error)
{
	const Elf64_Shdr *header = index ? elf_file_header(file, index) : NULL;

	if (!header || header->sh_type != SHT_STRTAB)
		return elf_file_fail(file, error, "section %zu is not a string table", index);

	const Elf_Data *data = elf_rawdata(elf_getscn(file->elf, index), NULL);
	if (!data)
		return elf_file_fail(file, error, "string table %zu is damaged: %s", index,
				     elf_errmsg(-1));
	*strings = (struct elf_strings){data->d_buf, data->d_size};
	if (strings->size && strings->data[strings->size - 1])
		return elf_file_fail(file, error, "string table %zu does not end with NUL", index);
	return TRUE;
}

/*
 * A table of fixed entries, or NULL if its size or place can't be right.  Compilers and linkers
 * align these, and libelf hands out pointers into the file, so that no other place would do.
 */
const Elf_Data *elf_file_table(const struct elf_file *file, gsize index, gsize entry_size)
{
	const Elf_Data *table = elf_getdata(elf_getscn(file->elf, index), NULL);

	if (!table || table->d_size % entry_size ||
	    (guintptr)table->d_buf % MIN(entry_size, sizeof(guint64)))
		return NULL;
	return table;
}

const char *elf_strings_get(const struct elf_strings *strings, gsize offset)
{
	if (offset == 0 && strings->size == 0)
		return "";
	if (offset >= strings->size || !g_utf8_validate(strings->data + offset, -1, NULL))
		return NULL;
	return strings->data + offset;
}

const Elf_Data *elf_file_extended_indexes(const struct elf_file *file)
{
	for (gsize i = 1; i < file->section_count; i++) {
		const Elf64_Shdr *header = elf_file_header(file, i);

		if (header->sh_type == SHT_SYMTAB_SHNDX && header->sh_link == file->symtab)
			return elf_file_table(file, i, sizeof(Elf64_Word));
	}
	return NULL;
}

gboolean elf_file_symbol_section(const struct elf_file *file, const Elf64_Sym *from, gsize number,
				 const Elf_Data *extended, gsize *index)
{
	*index = 0;
	switch (from->st_shndx) {
	case SHN_UNDEF:
	case SHN_ABS:
	case SHN_COMMON:
	case SHN_LIVEPATCH:
		return TRUE;
	case SHN_XINDEX:
		if (!extended || number >= extended->d_size / sizeof(Elf64_Word))
			return FALSE;
		*index = ((const Elf64_Word *)extended->d_buf)[number];
		break;
	default:
		*index = from->st_shndx;
	}
	return *index > 0 && *index < file->section_count;
}

gboolean elf_file_section_names(const struct elf_file *file, struct elf_strings *names,
				GError **error)
{
	gsize index;

	if (elf_getshdrstrndx(file->elf, &index))
		return elf_file_fail(file, error, "it has no section names");
	return elf_file_strings(file, index, names, error);
}

gboolean elf_file_open(struct elf_file *file, const void *data, gsize size, const char *name,
		       GError **error)
{
	*file = (struct elf_file){.name = name, .size = size};
	elf_version(EV_CURRENT);
	/* libelf takes a pointer it may write through, but only does so when asked to convert. */
	file->elf = elf_memory((char *)data, size);
	if (!file->elf)
		return elf_file_fail(file, error, "%s", elf_errmsg(-1));
	return check_file_header(file, error) && check_sections(file, error);
}

void elf_file_close(struct elf_file *file)
{
	elf_end(file->elf);
	file->elf = NULL;
}
