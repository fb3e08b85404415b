/*
 * Objects read in place.  What a file says of itself is checked in file.c and below; libelf hands
 * out pointers into the bytes.
 */
#include "elf/view.h"

#include "elf/file.h"
#include "elf/object.h"

struct view {
	GBytes *bytes;
	char *name;
	struct elf_file file;
	struct view_section *sections;
	struct view_symbol *symbols;
	gsize symbol_count;
};

static gboolean read_sections(struct view *view, GError **error)
{
	const struct elf_file *file = &view->file;
	struct elf_strings names;

	if (!elf_file_section_names(file, &names, error))
		return FALSE;
	view->sections = g_new0(struct view_section, file->section_count);
	for (gsize i = 0; i < file->section_count; i++) {
		struct view_section *section = &view->sections[i];

		section->header = elf_file_header(file, i);
		section->name = elf_strings_get(&names, section->header->sh_name);
		if (!section->name)
			return elf_file_fail(file, error, "section %zu has a bad name", i);
	}
	return TRUE;
}

static gboolean read_symbol(const struct view *view, const Elf64_Sym *from, gsize number,
			    const struct elf_strings *names, const Elf_Data *extended,
			    GError **error)
{
	struct view_symbol *symbol = &view->symbols[number];
	gsize section;

	symbol->type = ELF64_ST_TYPE(from->st_info);
	symbol->binding = ELF64_ST_BIND(from->st_info);
	symbol->value = from->st_value;
	symbol->size = from->st_size;
	symbol->name = symbol->type == STT_SECTION ? "" : elf_strings_get(names, from->st_name);
	if (!symbol->name)
		return elf_file_fail(&view->file, error, "symbol %zu has a bad name", number);
	if (!elf_file_symbol_section(&view->file, from, number, extended, &section))
		return elf_file_fail(&view->file, error, "symbol %zu (%s) is in no section", number,
				     symbol->name);
	symbol->section = (guint)section;

	guint64 room = view->sections[section].header->sh_size;
	if (section && (symbol->value > room || symbol->size > room - symbol->value))
		return elf_file_fail(&view->file, error,
				     "symbol %zu (%s) lies outside of section %s", number,
				     symbol->name, view->sections[section].name);
	return TRUE;
}

static gboolean read_symbols(struct view *view, GError **error)
{
	const struct elf_file *file = &view->file;
	struct elf_strings names;

	if (!file->symtab) {
		view->symbol_count = 1;
		view->symbols = g_new0(struct view_symbol, 1);
		view->symbols[0].name = "";
		return TRUE;
	}
	if (!elf_file_strings(file, elf_file_header(file, file->symtab)->sh_link, &names, error))
		return FALSE;

	const Elf_Data *table = elf_file_table(file, file->symtab, sizeof(Elf64_Sym));
	if (!table || !table->d_size)
		return elf_file_fail(file, error, "its symbol table is damaged");

	const Elf_Data *extended = elf_file_extended_indexes(file);
	const Elf64_Sym *from = table->d_buf;
	view->symbol_count = table->d_size / sizeof(Elf64_Sym);
	view->symbols = g_new0(struct view_symbol, view->symbol_count);
	for (gsize i = 0; i < view->symbol_count; i++)
		if (!read_symbol(view, &from[i], i, &names, extended, error))
			return FALSE;
	return TRUE;
}

/* Which section holds the relocations of which. */
static gboolean link_relocs(struct view *view, GError **error)
{
	for (guint i = 1; i < view->file.section_count; i++) {
		const Elf64_Shdr *header = view->sections[i].header;

		if (header->sh_type != SHT_RELA || header->sh_flags & SHF_RELA_LIVEPATCH)
			continue;
		if (header->sh_link != view->file.symtab || !header->sh_info ||
		    header->sh_info >= view->file.section_count ||
		    view->sections[header->sh_info].relocs)
			return elf_file_fail(&view->file, error,
					     "relocation section %u has bad links", i);
		view->sections[header->sh_info].relocs = i;
	}
	return TRUE;
}

static gboolean read_all(struct view *view, GError **error)
{
	if (!read_sections(view, error))
		return FALSE;
	return view->file.type != ET_REL || (read_symbols(view, error) && link_relocs(view, error));
}

struct view *view_open(GBytes *bytes, const char *name, GError **error)
{
	AUTO(view) view = g_new0(struct view, 1);
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);

	view->bytes = g_bytes_ref(bytes);
	view->name = g_strdup(name);
	if (!elf_file_open(&view->file, data, size, view->name, error) || !read_all(view, error))
		return NULL;
	return g_steal_pointer(&view);
}

void view_free(struct view *view)
{
	if (!view)
		return;
	elf_file_close(&view->file);
	g_free(view->sections);
	g_free(view->symbols);
	g_free(view->name);
	g_bytes_unref(view->bytes);
	g_free(view);
}

guint view_section_count(const struct view *view)
{
	return (guint)view->file.section_count;
}

guint view_symbol_count(const struct view *view)
{
	return (guint)view->symbol_count;
}

const struct view_section *view_section(const struct view *view, guint index)
{
	return &view->sections[index];
}

const struct view_symbol *view_symbol(const struct view *view, guint index)
{
	return &view->symbols[index];
}

const guint8 *view_data(const struct view *view, guint section)
{
	const Elf64_Shdr *header = view->sections[section].header;
	gsize size;

	if (header->sh_type == SHT_NOBITS || header->sh_type == SHT_NULL)
		return NULL;
	return (const guint8 *)g_bytes_get_data(view->bytes, &size) + header->sh_offset;
}

static gboolean is_sound(const struct view *view, const Elf64_Rela *reloc, guint64 room)
{
	int size = reloc_size(ELF64_R_TYPE(reloc->r_info));
	gsize symbol = ELF64_R_SYM(reloc->r_info);

	return size >= 0 && reloc->r_offset <= room && (guint64)size <= room - reloc->r_offset &&
	       symbol < view->symbol_count;
}

gboolean view_relocs(const struct view *view, guint section, const Elf64_Rela **relocs,
		     gsize *count, GError **error)
{
	const struct view_section *of = &view->sections[section];
	const Elf_Data *table;

	*count = 0;
	*relocs = NULL;
	if (!of->relocs)
		return TRUE;
	table = elf_file_table(&view->file, of->relocs, sizeof(Elf64_Rela));
	if (!table)
		return elf_file_fail(&view->file, error, "relocation section %u is damaged",
				     of->relocs);
	*relocs = table->d_buf;
	*count = table->d_size / sizeof(Elf64_Rela);
	for (gsize i = 0; i < *count; i++)
		if (!is_sound(view, &(*relocs)[i],
			      of->header->sh_type == SHT_NOBITS ? 0 : of->header->sh_size))
			return elf_file_fail(&view->file, error,
					     "a relocation of section %s is not sound", of->name);
	return TRUE;
}
