/*
 * Reads an ELF file into the object model.
 *
 * Everything a file says is checked here, once, so that the rest of the program can trust offsets,
 * sizes, indexes and names.  libelf finds the tables and bounds them by the file; what they say
 * about each other is checked below, and in file.c what is checked of every ELF file.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "elf/file.h"
#include "elf/object.h"

/* What a file becomes while it is read; the arrays go by the file's own indexes. */
struct reader {
	struct elf_file file;
	struct object *object;
	struct section **sections; /* NULL where the model has none */
	gsize symbol_count;
	struct symbol **symbols; /* NULL where the model has none */
};

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

/* What the model can't say. */
static gboolean check_kind(const struct reader *reader, const Elf64_Shdr *header, const char *name,
			   GError **error)
{
	if (header->sh_flags & SHF_COMPRESSED)
		return elf_file_fail(&reader->file, error, "section %s is compressed", name);
	if (header->sh_type == SHT_REL && reader->object->type == ET_REL)
		return elf_file_fail(&reader->file, error,
				     "section %s holds relocations without addends", name);
	if (header->sh_entsize > 1 && header->sh_size % header->sh_entsize)
		return elf_file_fail(&reader->file, error,
				     "section %s ends in the middle of an entry", name);
	return TRUE;
}

static gboolean read_content(const struct reader *reader, gsize index, struct section *section,
			     GError **error)
{
	const Elf64_Shdr *header = elf_file_header(&reader->file, index);

	if (section_is_livepatch_rela(section))
		return TRUE;
	if (section->type == SHT_NOBITS) {
		section_append(section, NULL, header->sh_size, 1);
		return TRUE;
	}

	const Elf_Data *data = elf_rawdata(elf_getscn(reader->file.elf, index), NULL);
	if (!data || data->d_size != header->sh_size)
		return elf_file_fail(&reader->file, error, "section %s is damaged: %s",
				     section->name, elf_errmsg(-1));
	section_append(section, data->d_buf, data->d_size, 1);
	return TRUE;
}

static gboolean add_section(struct reader *reader, const struct elf_strings *names, gsize index,
			    GError **error)
{
	const Elf64_Shdr *header = elf_file_header(&reader->file, index);
	const char *name = elf_strings_get(names, header->sh_name);

	if (!name)
		return elf_file_fail(&reader->file, error, "section %zu has a bad name", index);
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

static gboolean read_sections(struct reader *reader, GError **error)
{
	struct elf_strings names;

	if (!elf_file_section_names(&reader->file, &names, error))
		return FALSE;

	reader->sections = g_new0(struct section *, reader->file.section_count);
	for (gsize i = 0; i < reader->file.section_count; i++)
		if (is_modelled(elf_file_header(&reader->file, i)) &&
		    !add_section(reader, &names, i, error))
			return FALSE;
	return TRUE;
}

static gboolean add_symbol(struct reader *reader, const Elf64_Sym *from, gsize number,
			   const struct elf_strings *names, const Elf_Data *extended,
			   GError **error)
{
	guint8 type = ELF64_ST_TYPE(from->st_info);
	const char *name = type == STT_SECTION ? "" : elf_strings_get(names, from->st_name);
	gsize index;

	if (!name)
		return elf_file_fail(&reader->file, error, "symbol %zu has a bad name", number);
	if (!elf_file_symbol_section(&reader->file, from, number, extended, &index))
		return elf_file_fail(&reader->file, error, "symbol %zu (%s) is in no section",
				     number, name);

	struct section *section = reader->sections[index];
	if (index && !section)
		return TRUE;
	if (section &&
	    (from->st_value > section->size || from->st_size > section->size - from->st_value))
		return elf_file_fail(&reader->file, error,
				     "symbol %zu (%s) lies outside of section %s", number, name,
				     section->name);

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
	if (!reader->file.symtab)
		return TRUE;

	struct elf_strings names;
	if (!elf_file_strings(&reader->file,
			      elf_file_header(&reader->file, reader->file.symtab)->sh_link, &names,
			      error))
		return FALSE;

	const Elf_Data *table =
		elf_file_table(&reader->file, reader->file.symtab, sizeof(Elf64_Sym));
	if (!table)
		return elf_file_fail(&reader->file, error, "its symbol table is damaged");

	const Elf_Data *extended = elf_file_extended_indexes(&reader->file);
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
	return index < reader->file.section_count ? reader->sections[index] : NULL;
}

static gboolean add_reloc(struct reader *reader, const Elf64_Rela *from, GArray *relocs,
			  const struct section *target, GError **error)
{
	guint32 type = ELF64_R_TYPE(from->r_info);
	gsize number = ELF64_R_SYM(from->r_info);
	int size = reloc_size(type);

	if (size < 0)
		return elf_file_fail(&reader->file, error,
				     "relocation type %u in section %s is not known", type,
				     target->name);
	if (from->r_offset > target->size || (guint64)size > target->size - from->r_offset ||
	    (size && !target->data))
		return elf_file_fail(&reader->file, error,
				     "a relocation lies outside of section %s", target->name);
	if (number && (number >= reader->symbol_count || !reader->symbols[number]))
		return elf_file_fail(&reader->file, error,
				     "relocation %s+0x%" G_GINT64_MODIFIER
				     "x names no usable symbol",
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
	const Elf64_Shdr *header = elf_file_header(&reader->file, index);
	struct section *own = reader->sections[index];
	struct section *target = modelled(reader, header->sh_info);

	if (header->sh_link != reader->file.symtab || !target)
		return elf_file_fail(&reader->file, error, "relocation section %zu has bad links",
				     index);

	const Elf_Data *table = elf_file_table(&reader->file, index, sizeof(Elf64_Rela));
	if (!table)
		return elf_file_fail(&reader->file, error, "relocation section %zu is damaged",
				     index);

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
	const Elf64_Shdr *header = elf_file_header(&reader->file, index);

	if (!(header->sh_flags & SHF_LINK_ORDER) || !header->sh_link || !reader->sections[index])
		return TRUE;
	reader->sections[index]->linked = modelled(reader, header->sh_link);
	if (!reader->sections[index]->linked)
		return elf_file_fail(&reader->file, error, "section %s is linked to no section",
				     reader->sections[index]->name);
	return TRUE;
}

static gboolean read_references(struct reader *reader, GError **error)
{
	for (gsize i = 1; i < reader->file.section_count; i++) {
		if (!read_link(reader, i, error))
			return FALSE;
		if (elf_file_header(&reader->file, i)->sh_type == SHT_RELA &&
		    !read_relocs(reader, i, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_all(struct reader *reader, GError **error)
{
	reader->object->type = reader->file.type;
	if (!read_sections(reader, error))
		return FALSE;
	return reader->object->type != ET_REL ||
	       (read_symbols(reader, error) && read_references(reader, error));
}

struct object *object_read_bytes(GBytes *bytes, const char *name, GError **error)
{
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	AUTO(object) object = object_new(name);
	struct reader reader = {.object = object};
	gboolean sound =
		elf_file_open(&reader.file, data, size, name, error) && read_all(&reader, error);

	elf_file_close(&reader.file);
	g_free(reader.sections);
	g_free(reader.symbols);
	return sound ? g_steal_pointer(&object) : NULL;
}

struct object *object_read(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = files_map(path, error);

	return bytes ? object_read_bytes(bytes, path, error) : NULL;
}
