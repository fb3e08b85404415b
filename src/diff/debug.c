/*
 * libdw reads sections of an ELF file and takes them as they are, but in a relocatable file every
 * offset from one debug section to another is still a relocation.  So they are applied here, to an
 * image in memory that holds nothing but these sections.
 */
#include <string.h>

#include "base/error.h"
#include "diff/debug.h"

static gboolean is_debug(const struct section *section)
{
	return g_str_has_prefix(section->name, ".debug_") && section->data &&
	       !(section->flags & SHF_COMPRESSED);
}

/* Writes the values of relocations; sections that are not loaded lie at address 0. */
static void apply_relocs(const struct section *section, guint8 *data)
{
	for (guint i = 0; i < section->relocs->len; i++) {
		const struct reloc *reloc = section_reloc(section, i);
		guint64 value = reloc->addend + (reloc->symbol ? reloc->symbol->value : 0);
		int size = reloc_size(reloc->type);

		/* x86-64 is little-endian, as the machine that klatch runs on. */
		if (size > 0 && size <= (int)sizeof(value) && !reloc_is_relative(reloc->type))
			memcpy(data + reloc->offset, &value, size);
	}
}

static void add_section(GByteArray *image, GArray *headers, GByteArray *names,
			const struct section *section)
{
	Elf64_Shdr header = {
		.sh_name = names->len,
		.sh_type = SHT_PROGBITS,
		.sh_offset = image->len,
		.sh_size = section->size,
		.sh_addralign = 1,
	};

	g_byte_array_append(names, (const guint8 *)section->name, strlen(section->name) + 1);
	g_byte_array_append(image, section->data, section->size);
	apply_relocs(section, image->data + header.sh_offset);
	g_array_append_val(headers, header);
}

static void add_names(GByteArray *image, GArray *headers, GByteArray *names)
{
	static const char name[] = ".shstrtab";
	Elf64_Shdr header = {
		.sh_name = names->len,
		.sh_type = SHT_STRTAB,
		.sh_offset = image->len,
		.sh_addralign = 1,
	};

	g_byte_array_append(names, (const guint8 *)name, sizeof(name));
	header.sh_size = names->len;
	g_byte_array_append(image, names->data, names->len);
	g_array_append_val(headers, header);
}

static GByteArray *make_image(const struct object *object)
{
	GByteArray *image = g_byte_array_new();
	g_autoptr(GByteArray) names = g_byte_array_new();
	g_autoptr(GArray) headers = g_array_new(FALSE, TRUE, sizeof(Elf64_Shdr));
	static const guint8 padding[sizeof(guint64)];
	Elf64_Ehdr file = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(file),
		.e_shentsize = sizeof(Elf64_Shdr),
	};

	g_byte_array_append(image, (const guint8 *)&file, sizeof(file));
	g_byte_array_append(names, padding, 1);
	g_array_set_size(headers, 1);
	for (guint i = 0; i < object->sections->len; i++)
		if (is_debug(object_section_at(object, i)))
			add_section(image, headers, names, object_section_at(object, i));
	add_names(image, headers, names);
	g_byte_array_append(image, padding, -image->len % sizeof(padding));
	file.e_shoff = image->len;
	file.e_shnum = headers->len;
	file.e_shstrndx = headers->len - 1;
	g_byte_array_append(image, (const guint8 *)headers->data,
			    headers->len * sizeof(Elf64_Shdr));
	memcpy(image->data, &file, sizeof(file));
	return image;
}

struct debug *debug_open(const struct object *object, GError **error)
{
	struct debug *debug = g_new0(struct debug, 1);

	elf_version(EV_CURRENT);
	debug->image = make_image(object);
	debug->elf = elf_memory((char *)debug->image->data, debug->image->len);
	debug->dwarf = debug->elf ? dwarf_begin_elf(debug->elf, DWARF_C_READ, NULL) : NULL;
	if (debug->dwarf)
		return debug;
	klatch_fail(error, KLATCH_INPUT, "types can't be compared", object->name,
		    "compile it with -g", "it has no debug information that can be read: %s",
		    dwarf_errmsg(-1));
	debug_free(debug);
	return NULL;
}

void debug_free(struct debug *debug)
{
	if (!debug)
		return;
	if (debug->dwarf)
		dwarf_end(debug->dwarf);
	if (debug->elf)
		elf_end(debug->elf);
	g_byte_array_unref(debug->image);
	g_free(debug);
}
