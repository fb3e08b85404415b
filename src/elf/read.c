/*
 * Reads an ELF file into the object model.
 *
 * Everything a file says is checked here, once, so that the rest of the program can trust offsets,
 * sizes, indexes and names.  libelf finds the tables and bounds them by the file; what they say
 * about each other is checked below.
 */
#include <libelf.h>
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "elf/object.h"

/* What a file becomes while it is read; the arrays go by the file's own indexes. */
struct reader {
	const char *name;
	gsize file_size;
	Elf *elf;
	struct object *object;
	gsize section_count;
	struct section **sections; /* NULL where the model has none */
	gsize symtab;		   /* index of the symbol table, 0 if there is none */
	gsize symbol_count;
	struct symbol **symbols; /* NULL where the model has none */
};

/* A table of strings that was checked to end with NUL, so that each string in it does. */
struct strings {
	const char *data;
	gsize size;
};

G_GNUC_PRINTF(3, 4)
static gboolean unsound(const struct reader *reader, GError **error, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	g_autofree char *text = g_strdup_vprintf(why, args);
	va_end(args);
	klatch_fail(error, KLATCH_INPUT, "the object can't be read", reader->name, NULL, "%s",
		    text);
	return FALSE;
}

static Elf64_Shdr *header_at(const struct reader *reader, gsize index)
{
	return elf64_getshdr(elf_getscn(reader->elf, index));
}

static gboolean check_file_header(struct reader *reader, GError **error)
{
	if (elf_kind(reader->elf) != ELF_K_ELF)
		return unsound(reader, error, "it is not an ELF file");

	gsize size;
	const char *ident = elf_getident(reader->elf, &size);
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB)
		return unsound(reader, error, "it is not a little-endian ELF64 file");

	const Elf64_Ehdr *header = elf64_getehdr(reader->elf);
	if (!header)
		return unsound(reader, error, "its header is damaged: %s", elf_errmsg(-1));
	if (header->e_machine != EM_X86_64)
		return unsound(reader, error, "it is for machine %u, not for x86-64",
			       header->e_machine);
	if (header->e_type != ET_REL && header->e_type != ET_EXEC && header->e_type != ET_DYN)
		return unsound(reader, error, "it is of type %u, not an object or a program",
			       header->e_type);
	if (elf_getshdrnum(reader->elf, &reader->section_count) || reader->section_count == 0 ||
	    header->e_shoff == 0 || header->e_shoff % sizeof(guint64) ||
	    header->e_shentsize != sizeof(Elf64_Shdr))
		return unsound(reader, error, "it has no usable section table");
	reader->object->type = header->e_type;
	return TRUE;
}

static gboolean strings_open(const struct reader *reader, gsize index, struct strings *strings,
			     GError **error)
{
	const Elf64_Shdr *header = index ? header_at(reader, index) : NULL;

	if (!header || header->sh_type != SHT_STRTAB)
		return unsound(reader, error, "section %zu is not a string table", index);

	const Elf_Data *data = elf_rawdata(elf_getscn(reader->elf, index), NULL);
	if (!data)
		return unsound(reader, error, "string table %zu is damaged: %s", index,
			       elf_errmsg(-1));
	*strings = (struct strings){data->d_buf, data->d_size};
	if (strings->size && strings->data[strings->size - 1])
		return unsound(reader, error, "string table %zu does not end with NUL", index);
	return TRUE;
}

/*
 * A table of fixed entries, or NULL if its size or place can't be right.  Compilers and linkers
 * align these, and libelf hands out pointers into the file, so that no other place would do.
 */
static const Elf_Data *table_at(const struct reader *reader, gsize index, gsize entry_size)
{
	const Elf_Data *table = elf_getdata(elf_getscn(reader->elf, index), NULL);

	if (!table || table->d_size % entry_size ||
	    (guintptr)table->d_buf % MIN(entry_size, sizeof(guint64)))
		return NULL;
	return table;
}

/* NULL if there is none at that offset, or if it is not text. */
static const char *strings_get(const struct strings *strings, gsize offset)
{
	if (offset == 0 && strings->size == 0)
		return "";
	if (offset >= strings->size || !g_utf8_validate(strings->data + offset, -1, NULL))
		return NULL;
	return strings->data + offset;
}

/* Whether the model has a section of its own for one of the file. */
static gboolean is_modelled(const Elf64_Shdr *header)
{
	switch (header->sh_type) {
	case SHT_NULL:
	case SHT_SYMTAB:
	case SHT_SYMTAB_SHNDX:
	case SHT_GROUP:
		return FALSE;
	case SHT_STRTAB:
		return (header->sh_flags & SHF_ALLOC) != 0;
	case SHT_RELA:
		return (header->sh_flags & SHF_RELA_LIVEPATCH) != 0;
	default:
		return TRUE;
	}
}

/* No file of sound make has sections that share bytes; a small file that did could fill memory. */
static gboolean check_bounds(const struct reader *reader, const Elf64_Shdr *header, gsize index,
			     guint64 *taken, GError **error)
{
	if (header->sh_addralign & (header->sh_addralign - 1) || header->sh_addralign > G_MAXINT32)
		return unsound(reader, error, "section %zu has an impossible alignment", index);
	if (header->sh_type == SHT_NULL)
		return TRUE;
	if (header->sh_size > G_MAXUINT32)
		return unsound(reader, error, "section %zu is over 4 GiB", index);
	if (header->sh_type == SHT_NOBITS)
		return TRUE;
	if (header->sh_offset > reader->file_size ||
	    header->sh_size > reader->file_size - header->sh_offset)
		return unsound(reader, error, "section %zu lies outside of the file", index);
	*taken += header->sh_size;
	if (*taken > reader->file_size)
		return unsound(reader, error, "its sections overlap");
	return TRUE;
}

/* What the model can't say. */
static gboolean check_kind(const struct reader *reader, const Elf64_Shdr *header, const char *name,
			   GError **error)
{
	if (header->sh_flags & SHF_COMPRESSED)
		return unsound(reader, error, "section %s is compressed", name);
	if (header->sh_type == SHT_REL && reader->object->type == ET_REL)
		return unsound(reader, error, "section %s holds relocations without addends", name);
	if (header->sh_entsize > 1 && header->sh_size % header->sh_entsize)
		return unsound(reader, error, "section %s ends in the middle of an entry", name);
	return TRUE;
}

static gboolean read_content(const struct reader *reader, gsize index, struct section *section,
			     GError **error)
{
	const Elf64_Shdr *header = header_at(reader, index);

	if (section_is_livepatch_rela(section))
		return TRUE;
	if (section->type == SHT_NOBITS) {
		section_append(section, NULL, header->sh_size, 1);
		return TRUE;
	}

	const Elf_Data *data = elf_rawdata(elf_getscn(reader->elf, index), NULL);
	if (!data || data->d_size != header->sh_size)
		return unsound(reader, error, "section %s is damaged: %s", section->name,
			       elf_errmsg(-1));
	section_append(section, data->d_buf, data->d_size, 1);
	return TRUE;
}

static gboolean add_section(struct reader *reader, const struct strings *names, gsize index,
			    GError **error)
{
	const Elf64_Shdr *header = header_at(reader, index);
	const char *name = strings_get(names, header->sh_name);

	if (!name)
		return unsound(reader, error, "section %zu has a bad name", index);
	if (!check_kind(reader, header, name, error))
		return FALSE;

	/* Groups are not in the model, so nothing is a member of one. */
	guint64 flags = header->sh_flags & ~(guint64)SHF_GROUP;
	struct section *section = object_add_section(reader->object, name, header->sh_type, flags,
						     header->sh_addralign, NULL, 0);
	reader->sections[index] = section;
	section->address = header->sh_addr;
	section->entsize = header->sh_entsize;
	return read_content(reader, index, section, error);
}

static gboolean check_sections(struct reader *reader, GError **error)
{
	guint64 taken = 0;

	for (gsize i = 0; i < reader->section_count; i++) {
		const Elf64_Shdr *header = header_at(reader, i);

		if (!header)
			return unsound(reader, error, "section %zu is damaged: %s", i,
				       elf_errmsg(-1));
		if (!check_bounds(reader, header, i, &taken, error))
			return FALSE;
		if (header->sh_type != SHT_SYMTAB)
			continue;
		if (reader->symtab)
			return unsound(reader, error, "it has two symbol tables");
		reader->symtab = i;
	}
	return TRUE;
}

static gboolean read_sections(struct reader *reader, GError **error)
{
	gsize names_index;
	struct strings names;

	if (!check_sections(reader, error))
		return FALSE;
	if (elf_getshdrstrndx(reader->elf, &names_index))
		return unsound(reader, error, "it has no section names");
	if (!strings_open(reader, names_index, &names, error))
		return FALSE;

	reader->sections = g_new0(struct section *, reader->section_count);
	for (gsize i = 0; i < reader->section_count; i++)
		if (is_modelled(header_at(reader, i)) && !add_section(reader, &names, i, error))
			return FALSE;
	return TRUE;
}

/* The table that holds the section indexes which don't fit a symbol's own 16 bits, or NULL. */
static const Elf_Data *extended_indexes(const struct reader *reader)
{
	for (gsize i = 1; i < reader->section_count; i++) {
		const Elf64_Shdr *header = header_at(reader, i);

		if (header->sh_type == SHT_SYMTAB_SHNDX && header->sh_link == reader->symtab)
			return table_at(reader, i, sizeof(Elf64_Word));
	}
	return NULL;
}

/* The section that a symbol is defined in: 0 if it is none; false if it can't be told. */
static gboolean symbol_section_index(const struct reader *reader, const Elf64_Sym *from,
				     gsize number, const Elf_Data *extended, gsize *index)
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
	return *index > 0 && *index < reader->section_count;
}

static gboolean add_symbol(struct reader *reader, const Elf64_Sym *from, gsize number,
			   const struct strings *names, const Elf_Data *extended, GError **error)
{
	guint8 type = ELF64_ST_TYPE(from->st_info);
	const char *name = type == STT_SECTION ? "" : strings_get(names, from->st_name);
	gsize index;

	if (!name)
		return unsound(reader, error, "symbol %zu has a bad name", number);
	if (!symbol_section_index(reader, from, number, extended, &index))
		return unsound(reader, error, "symbol %zu (%s) is in no section", number, name);

	struct section *section = reader->sections[index];
	if (index && !section)
		return TRUE;
	if (section &&
	    (from->st_value > section->size || from->st_size > section->size - from->st_value))
		return unsound(reader, error, "symbol %zu (%s) lies outside of section %s", number,
			       name, section->name);

	struct symbol *symbol =
		object_add_symbol(reader->object, name, section, from->st_value, from->st_size,
				  type, ELF64_ST_BIND(from->st_info));
	symbol->special = section ? SHN_UNDEF : from->st_shndx;
	symbol->visibility = ELF64_ST_VISIBILITY(from->st_other);
	reader->symbols[number] = symbol;
	return TRUE;
}

static gboolean read_symbols(struct reader *reader, GError **error)
{
	if (!reader->symtab)
		return TRUE;

	struct strings names;
	if (!strings_open(reader, header_at(reader, reader->symtab)->sh_link, &names, error))
		return FALSE;

	const Elf_Data *table = table_at(reader, reader->symtab, sizeof(Elf64_Sym));
	if (!table)
		return unsound(reader, error, "its symbol table is damaged");

	const Elf_Data *extended = extended_indexes(reader);
	const Elf64_Sym *from = table->d_buf;
	reader->symbol_count = table->d_size / sizeof(Elf64_Sym);
	reader->symbols = g_new0(struct symbol *, reader->symbol_count);
	for (gsize i = 1; i < reader->symbol_count; i++)
		if (!add_symbol(reader, &from[i], i, &names, extended, error))
			return FALSE;
	return TRUE;
}

static struct section *modelled(const struct reader *reader, gsize index)
{
	return index < reader->section_count ? reader->sections[index] : NULL;
}

static gboolean add_reloc(struct reader *reader, const Elf64_Rela *from, GArray *relocs,
			  const struct section *target, GError **error)
{
	guint32 type = ELF64_R_TYPE(from->r_info);
	gsize number = ELF64_R_SYM(from->r_info);
	int size = reloc_size(type);

	if (size < 0)
		return unsound(reader, error, "relocation type %u in section %s is not known", type,
			       target->name);
	if (from->r_offset > target->size || (guint64)size > target->size - from->r_offset ||
	    (size && !target->data))
		return unsound(reader, error, "a relocation lies outside of section %s",
			       target->name);
	if (number && (number >= reader->symbol_count || !reader->symbols[number]))
		return unsound(reader, error,
			       "relocation %s+0x%" G_GINT64_MODIFIER "x names no usable symbol",
			       target->name, from->r_offset);

	struct reloc reloc = {
		.offset = from->r_offset,
		.type = type,
		.symbol = number ? reader->symbols[number] : NULL,
		.addend = from->r_addend,
	};
	g_array_append_val(relocs, reloc);
	return TRUE;
}

static gint compare_offsets(gconstpointer a, gconstpointer b)
{
	const struct reloc *left = a, *right = b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Most tables are in order.  g_array_sort() is stable: equal offsets stay as they came. */
static void sort_relocs(GArray *relocs)
{
	for (guint i = 1; i < relocs->len; i++)
		if (g_array_index(relocs, struct reloc, i - 1).offset >
		    g_array_index(relocs, struct reloc, i).offset) {
			g_array_sort(relocs, compare_offsets);
			return;
		}
}

static gboolean read_relocs(struct reader *reader, gsize index, GError **error)
{
	const Elf64_Shdr *header = header_at(reader, index);
	struct section *own = reader->sections[index];
	struct section *target = modelled(reader, header->sh_info);

	if (header->sh_link != reader->symtab || !target)
		return unsound(reader, error, "relocation section %zu has bad links", index);

	const Elf_Data *table = table_at(reader, index, sizeof(Elf64_Rela));
	if (!table)
		return unsound(reader, error, "relocation section %zu is damaged", index);

	/* A livepatch's relocation section keeps them; an ordinary one hands them over. */
	if (own)
		own->relocates = target;
	GArray *relocs = own ? own->relocs : target->relocs;
	const Elf64_Rela *from = table->d_buf;
	for (gsize i = 0; i < table->d_size / sizeof(Elf64_Rela); i++)
		if (!add_reloc(reader, &from[i], relocs, target, error))
			return FALSE;
	sort_relocs(relocs);
	return TRUE;
}

static gboolean read_link(struct reader *reader, gsize index, GError **error)
{
	const Elf64_Shdr *header = header_at(reader, index);

	if (!(header->sh_flags & SHF_LINK_ORDER) || !header->sh_link || !reader->sections[index])
		return TRUE;
	reader->sections[index]->linked = modelled(reader, header->sh_link);
	if (!reader->sections[index]->linked)
		return unsound(reader, error, "section %s is linked to no section",
			       reader->sections[index]->name);
	return TRUE;
}

static gboolean read_references(struct reader *reader, GError **error)
{
	for (gsize i = 1; i < reader->section_count; i++) {
		if (!read_link(reader, i, error))
			return FALSE;
		if (header_at(reader, i)->sh_type == SHT_RELA && !read_relocs(reader, i, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_all(struct reader *reader, GError **error)
{
	if (!check_file_header(reader, error) || !read_sections(reader, error))
		return FALSE;
	return reader->object->type != ET_REL ||
	       (read_symbols(reader, error) && read_references(reader, error));
}

struct object *object_read_bytes(GBytes *bytes, const char *name, GError **error)
{
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	AUTO(object) object = object_new(name);
	struct reader reader = {.name = name, .file_size = size, .object = object};

	elf_version(EV_CURRENT);
	/* libelf takes a pointer it may write through, but only does so when asked to convert. */
	reader.elf = elf_memory((char *)data, size);
	gboolean sound = reader.elf ? read_all(&reader, error)
				    : unsound(&reader, error, "%s", elf_errmsg(-1));
	elf_end(reader.elf);
	g_free(reader.sections);
	g_free(reader.symbols);
	return sound ? g_steal_pointer(&object) : NULL;
}

struct object *object_read(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(path, error);

	return bytes ? object_read_bytes(bytes, path, error) : NULL;
}
