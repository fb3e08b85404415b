/*
 * Writes the object model as a relocatable file.
 *
 * Order in the file: the model's sections as they stand (so that a section's number is its index
 * plus one), their relocation sections, the symbol table, the string tables.
 */
#include <libelf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/files.h"
#include "elf/object.h"

/* A string table: each string once, in order of first use. */
struct strings {
	GString *text;
	GHashTable *offsets;
};

struct writer {
	struct object *object;
	Elf *elf;
	struct strings section_names;
	struct strings symbol_names;
	guint symtab;	    /* index of the symbol table in the file */
	GPtrArray *buffers; /* what libelf reads from until it has written */
};

static void strings_init(struct strings *strings)
{
	strings->text = g_string_new_len("", 1);
	strings->offsets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void strings_clear(struct strings *strings)
{
	g_string_free(strings->text, TRUE);
	g_hash_table_unref(strings->offsets);
}

static guint32 strings_add(struct strings *strings, const char *string)
{
	if (!*string)
		return 0;

	gpointer known = g_hash_table_lookup(strings->offsets, string);
	if (known)
		return GPOINTER_TO_UINT(known);

	guint32 offset = strings->text->len;
	g_string_append_len(strings->text, string, strlen(string) + 1);
	g_hash_table_insert(strings->offsets, g_strdup(string), GUINT_TO_POINTER(offset));
	return offset;
}

/* Local symbols must come before all others in the file; within each kind the order stays. */
static guint order_symbols(struct object *object)
{
	GPtrArray *symbols = object->symbols;
	g_autofree gpointer *others = g_new(gpointer, symbols->len);
	guint locals = 0, other_count = 0;

	for (guint i = 0; i < symbols->len; i++) {
		struct symbol *symbol = object_symbol_at(object, i);

		if (symbol->binding == STB_LOCAL)
			symbols->pdata[locals++] = symbol;
		else
			others[other_count++] = symbol;
	}
	for (guint i = 0; i < other_count; i++)
		symbols->pdata[locals + i] = others[i];
	for (guint i = 0; i < symbols->len; i++)
		object_symbol_at(object, i)->index = i;
	return locals;
}

guint32 object_symbol_file_index(struct object *object, const struct symbol *symbol)
{
	order_symbols(object);
	return symbol->index + 1;
}

static void *keep(struct writer *writer, void *buffer)
{
	g_ptr_array_add(writer->buffers, buffer);
	return buffer;
}

/* Appends a section; the header's name is filled in here, its size and place by libelf. */
static gboolean add_section(struct writer *writer, const char *name, Elf64_Shdr like, Elf_Type type,
			    void *data, gsize size)
{
	Elf_Scn *scn = elf_newscn(writer->elf);
	Elf64_Shdr *header = elf64_getshdr(scn);
	Elf_Data *content = elf_newdata(scn);

	if (!header || !content)
		return FALSE;
	*header = like;
	header->sh_name = strings_add(&writer->section_names, name);
	content->d_type = type;
	content->d_buf = data;
	content->d_size = size;
	content->d_align = MAX(like.sh_addralign, 1);
	content->d_version = EV_CURRENT;
	return TRUE;
}

static void fill_relocs(Elf64_Rela *into, const struct object *object, const GArray *relocs)
{
	for (guint i = 0; i < relocs->len; i++) {
		const struct reloc *reloc = &g_array_index(relocs, struct reloc, i);
		guint64 symbol = 0;

		if (reloc->symbol) {
			g_assert(object_symbol_at(object, reloc->symbol->index) == reloc->symbol);
			symbol = reloc->symbol->index + 1;
		}
		into[i] = (Elf64_Rela){
			.r_offset = reloc->offset,
			.r_info = ELF64_R_INFO(symbol, reloc->type),
			.r_addend = reloc->addend,
		};
	}
}

static gboolean add_relocs(struct writer *writer, const char *name, guint64 flags,
			   const GArray *relocs, const struct section *target)
{
	Elf64_Rela *table = keep(writer, g_new(Elf64_Rela, relocs->len));
	Elf64_Shdr like = {
		.sh_type = SHT_RELA,
		.sh_flags = flags | SHF_INFO_LINK,
		.sh_link = writer->symtab,
		.sh_info = target->index + 1,
		.sh_addralign = 8,
		.sh_entsize = sizeof(Elf64_Rela),
	};

	fill_relocs(table, writer->object, relocs);
	return add_section(writer, name, like, ELF_T_RELA, table, relocs->len * sizeof(*table));
}

static gboolean add_content(struct writer *writer, const struct section *section)
{
	Elf64_Shdr like = {
		.sh_type = section->type,
		.sh_flags = section->flags,
		.sh_link = section->linked ? section->linked->index + 1 : 0,
		.sh_addralign = section->align,
		.sh_entsize = section->entsize,
	};

	if (section_is_livepatch_rela(section))
		return add_relocs(writer, section->name, section->flags, section->relocs,
				  section->relocates);
	return add_section(writer, section->name, like, ELF_T_BYTE, section->data, section->size);
}

static gboolean add_symbols(struct writer *writer, guint locals)
{
	const struct object *object = writer->object;
	guint count = object->symbols->len + 1;
	Elf64_Sym *table = keep(writer, g_new0(Elf64_Sym, count));
	Elf64_Shdr like = {
		.sh_type = SHT_SYMTAB,
		.sh_link = writer->symtab + 1,
		.sh_info = locals + 1,
		.sh_addralign = 8,
		.sh_entsize = sizeof(Elf64_Sym),
	};

	for (guint i = 1; i < count; i++) {
		const struct symbol *symbol = object_symbol_at(object, i - 1);

		table[i] = (Elf64_Sym){
			.st_name = strings_add(&writer->symbol_names, symbol->name),
			.st_info = ELF64_ST_INFO(symbol->binding, symbol->type),
			.st_other = symbol->visibility,
			.st_shndx = symbol->section ? symbol->section->index + 1 : symbol->special,
			.st_value = symbol->value,
			.st_size = symbol->size,
		};
	}
	return add_section(writer, ".symtab", like, ELF_T_SYM, table, count * sizeof(*table));
}

static gboolean add_strings(struct writer *writer, const char *name, struct strings *strings)
{
	Elf64_Shdr like = {.sh_type = SHT_STRTAB, .sh_addralign = 1};

	/* The table of section names has its own name in it, so that comes before its size. */
	strings_add(&writer->section_names, name);
	return add_section(writer, name, like, ELF_T_BYTE, strings->text->str, strings->text->len);
}

static gboolean add_all(struct writer *writer, guint locals)
{
	const GPtrArray *sections = writer->object->sections;

	for (guint i = 0; i < sections->len; i++)
		if (!add_content(writer, object_section_at(writer->object, i)))
			return FALSE;
	for (guint i = 0; i < sections->len; i++) {
		const struct section *section = object_section_at(writer->object, i);

		if (section_is_livepatch_rela(section) || !section->relocs->len)
			continue;
		g_autofree char *name = g_strconcat(".rela", section->name, NULL);
		if (!add_relocs(writer, name, 0, section->relocs, section))
			return FALSE;
	}
	return add_symbols(writer, locals) &&
	       add_strings(writer, ".strtab", &writer->symbol_names) &&
	       add_strings(writer, ".shstrtab", &writer->section_names);
}

static gboolean write_elf(struct writer *writer)
{
	guint locals = order_symbols(writer->object);
	Elf64_Ehdr *header = elf64_newehdr(writer->elf);

	if (!header)
		return FALSE;
	header->e_ident[EI_DATA] = ELFDATA2LSB;
	header->e_type = ET_REL;
	header->e_machine = EM_X86_64;
	header->e_version = EV_CURRENT;
	header->e_shstrndx = writer->symtab + 2;
	return add_all(writer, locals) && elf_update(writer->elf, ELF_C_WRITE_MMAP) >= 0;
}

/* The number of sections that come before the symbol table, the null section counted. */
static guint count_sections(const struct object *object)
{
	guint count = 1 + object->sections->len;

	for (guint i = 0; i < object->sections->len; i++) {
		const struct section *section = object_section_at(object, i);

		count += !section_is_livepatch_rela(section) && section->relocs->len;
	}
	return count;
}

/* libelf writes to a descriptor: memory first, so that the file is published by files_write(). */
static GBytes *write_memory(struct object *object, GError **error)
{
	struct writer writer = {
		.object = object,
		.symtab = count_sections(object),
		.buffers = g_ptr_array_new_with_free_func(g_free),
	};
	g_autoptr(GMappedFile) file = NULL;
	int fd = memfd_create("object", MFD_CLOEXEC);

	elf_version(EV_CURRENT);
	strings_init(&writer.section_names);
	strings_init(&writer.symbol_names);
	writer.elf = elf_begin(fd, ELF_C_WRITE_MMAP, NULL);
	if (writer.elf && write_elf(&writer))
		file = g_mapped_file_new_from_fd(fd, FALSE, NULL);
	if (!file)
		klatch_fail(error, KLATCH_ENVIRONMENT, "the object can't be written", object->name,
			    NULL, "%s", elf_errmsg(-1));
	elf_end(writer.elf);
	close(fd);
	strings_clear(&writer.section_names);
	strings_clear(&writer.symbol_names);
	g_ptr_array_unref(writer.buffers);
	return file ? g_mapped_file_get_bytes(file) : NULL;
}

GBytes *object_bytes(struct object *object, GError **error)
{
	/* Above this symbols would need a second table, which module loaders don't read. */
	if (count_sections(object) + 3 >= SHN_LORESERVE) {
		klatch_fail(error, KLATCH_REFUSED, "the object can't be written", object->name,
			    NULL, "it has %u sections, more than a module may have",
			    object->sections->len);
		return NULL;
	}
	return write_memory(object, error);
}

gboolean object_write(struct object *object, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = object_bytes(object, error);
	gsize size;

	if (!bytes)
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &size);
	return files_write(path, data, size, error);
}
