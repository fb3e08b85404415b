/*
 * The object model against objects that gcc made, and against files made wrong on purpose.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "elf/object.h"
#include "help.h"

static const char program[] = "#include <stdio.h>\n"
			      "static const char *names[] = {\"zero\", \"one\"};\n"
			      "static int table[3] = {1, 2, 3}, zero;\n"
			      "int common;\n"
			      "static int pick(int i) { return table[i % 3] + zero; }\n"
			      "__attribute__((noinline)) static int step(int i)\n"
			      "{ static int calls; calls++; zero += i; return pick(i) + calls; }\n"
			      "__attribute__((weak)) int weak(void) { return 5; }\n"
			      "int main(void)\n"
			      "{ printf(\"%s %d\\n\", names[1], step(4) + weak() + common); }\n";

static struct object *read_sound(const char *path)
{
	g_autoptr(GError) error = NULL;
	struct object *object = object_read(path, &error);

	assert_no_error(error);
	assert_non_null(object);
	return object;
}

static void write_sound(struct object *object, const char *path)
{
	g_autoptr(GError) error = NULL;

	object_write(object, path, &error);
	assert_no_error(error);
}

static struct object *compiled_program(const char *directory)
{
	g_autofree char *path = compile(directory, "program.c", program, "-O1", "-fcommon",
					"-ffunction-sections", "-fdata-sections", NULL);

	return read_sound(path);
}

/* objdump names sections, so that its output is the same though their numbers are not. */
static void test_tools_see_the_same(void **state)
{
	const char *directory = *state;
	AUTO(object) object = compiled_program(directory);
	g_autofree char *aside = path_in(directory, "written");
	g_autofree char *path = path_in(aside, "program.o");

	assert_true(files_make_directory(aside, NULL));
	write_sound(object, path);
	g_autofree char *before = output_of(directory, "objdump", "-wtrs", "program.o", NULL);
	g_autofree char *after = output_of(aside, "objdump", "-wtrs", "program.o", NULL);
	assert_non_null(strstr(before, "R_X86_64_PLT32"));
	assert_string_equal(before, after);
	g_autofree char *complaints =
		output_of(aside, "sh", "-c", "readelf -aW program.o 2>&1 >/dev/null", NULL);
	assert_string_equal(complaints, "");
}

static void test_written_object_links_and_runs(void **state)
{
	const char *directory = *state;
	AUTO(object) object = compiled_program(directory);
	g_autofree char *path = path_in(directory, "written.o");

	write_sound(object, path);
	g_free(output_of(directory, "ld", "-r", "-o", "again.o", "written.o", NULL));
	g_free(output_of(directory, "gcc", "-o", "program", "again.o", NULL));
	g_autofree char *said = output_of(directory, "./program", NULL);
	assert_string_equal(said, "one 12\n");
}

static void test_same_model_same_bytes(void **state)
{
	const char *directory = *state;
	AUTO(object) object = compiled_program(directory);
	g_autofree char *first = path_in(directory, "first.o");
	g_autofree char *second = path_in(directory, "second.o");

	write_sound(object, first);
	AUTO(object) again = read_sound(first);
	write_sound(again, second);
	g_autoptr(GBytes) first_bytes = files_map(first, NULL);
	g_autoptr(GBytes) second_bytes = files_map(second, NULL);
	assert_true(g_bytes_equal(first_bytes, second_bytes));
}

static void test_the_graph(void **state)
{
	AUTO(object) object = compiled_program(*state);
	struct section *text = object_section(object, ".text.main");
	struct symbol *main_function = object_symbol(object, "main");
	struct symbol *step = object_symbol(object, "step");

	assert_ptr_equal(main_function->section, text);
	assert_int_equal(main_function->type, STT_FUNC);
	assert_int_equal(main_function->size, text->size);
	assert_int_equal(object_symbol(object, "weak")->binding, STB_WEAK);
	assert_int_equal(object_symbol(object, "common")->special, SHN_COMMON);
	assert_null(object_symbol(object, "printf")->section);
	assert_null(object_symbol(object, "nonesuch"));
	assert_ptr_equal(step->section->symbol->section, step->section);
	assert_true(section_is_text(text));
	for (guint i = 0; i < text->relocs->len; i++)
		assert_ptr_equal(section_reloc_at(text, section_reloc(text, i)->offset),
				 section_reloc(text, i));
	assert_null(section_reloc_at(text, 0));
	assert_int_equal(object_section(object, ".bss.zero")->type, SHT_NOBITS);
	assert_null(object_section(object, ".bss.zero")->data);
}

static void test_relocs_stay_in_order(void **state)
{
	AUTO(object) object = object_new("made");
	struct section *data =
		object_add_section(object, ".data", SHT_PROGBITS, SHF_ALLOC, 8, NULL, 64);
	static const guint64 offsets[] = {32, 0, 16, 8, 16, 48};

	for (guint i = 0; i < G_N_ELEMENTS(offsets); i++)
		section_add_reloc(data, offsets[i], R_X86_64_64, NULL, i);
	for (guint i = 1; i < data->relocs->len; i++)
		assert_true(section_reloc(data, i - 1)->offset <= section_reloc(data, i)->offset);
	/* the two at 16, as they came */
	assert_int_equal(section_reloc_at(data, 16)->addend, 2);
	assert_int_equal(section_reloc(data, section_reloc_index(data, 16) + 1)->addend, 4);
	assert_int_equal(section_reloc_index(data, 9), 2);
	assert_int_equal(section_reloc_index(data, 49), 6);
}

static void test_file_index_is_the_written_one(void **state)
{
	g_autofree char *path = path_in(*state, "index.o");
	AUTO(object) object = object_new("made");
	struct section *text = object_add_section(object, ".text", SHT_PROGBITS,
						  SHF_ALLOC | SHF_EXECINSTR, 16, "\x90\x90", 2);

	object_add_symbol(object, "first", text, 0, 1, STT_FUNC, STB_GLOBAL);
	object_add_symbol(object, "second", text, 1, 1, STT_FUNC, STB_LOCAL);
	struct symbol *elsewhere = object_add_undefined(object, "elsewhere");
	assert_ptr_equal(object_add_undefined(object, "elsewhere"), elsewhere);
	object_add_symbol(object, "elsewhere", text, 1, 1, STT_FUNC, STB_LOCAL);
	assert_ptr_equal(object_add_undefined(object, "elsewhere"), elsewhere);
	struct symbol *of_section = object_section_symbol(object, text);
	assert_ptr_equal(object_section_symbol(object, text), of_section);

	assert_int_equal(object_symbol_file_index(object, of_section), 3);
	assert_int_equal(object_symbol_file_index(object, object_symbol(object, "second")), 1);
	assert_int_equal(object_symbol_file_index(object, object_symbol(object, "first")), 4);
	assert_int_equal(object_symbol_file_index(object, elsewhere), 5);
	write_sound(object, path);
	AUTO(object) again = read_sound(path);
	assert_int_equal(again->symbols->len, object->symbols->len);
	for (guint i = 0; i < again->symbols->len; i++)
		assert_string_equal(object_symbol_at(again, i)->name,
				    object_symbol_at(object, i)->name);
}

static void test_groups_are_dissolved(void **state)
{
	const char *directory = *state;
	g_autofree char *path = compile(directory, "group.S",
					".section .text.f,\"axG\",@progbits,signature,comdat\n"
					".globl f\n.type f, @function\nf: ret\n.size f, . - f\n"
					".text\ncall f\n",
					NULL);
	g_autofree char *written = path_in(directory, "dissolved.o");
	AUTO(object) object = read_sound(path);

	assert_null(object_section(object, ".group"));
	assert_null(object_symbol(object, "signature"));
	assert_int_equal(object_section(object, ".text.f")->flags, SHF_ALLOC | SHF_EXECINSTR);
	write_sound(object, written);
	g_free(output_of(directory, "ld", "-r", "-o", "linked.o", "dissolved.o", NULL));
}

static void test_livepatch_relocations(void **state)
{
	const char *directory = *state;
	g_autofree char *path = path_in(directory, "livepatch.o");
	AUTO(object) object = object_new("made");
	struct section *text = object_add_section(object, ".text", SHT_PROGBITS,
						  SHF_ALLOC | SHF_EXECINSTR, 16, NULL, 16);
	struct section *rela =
		object_add_section(object, ".klp.rela.vmlinux..text", SHT_RELA,
				   SHF_ALLOC | SHF_RELA_LIVEPATCH | SHF_INFO_LINK, 8, NULL, 0);
	struct symbol *symbol = object_add_symbol(object, ".klp.sym.vmlinux.printk,0", NULL, 0, 0,
						  STT_FUNC, STB_GLOBAL);

	symbol->special = SHN_LIVEPATCH;
	rela->relocates = text;
	section_add_reloc(rela, 4, R_X86_64_PC32, symbol, -4);
	write_sound(object, path);
	g_autofree char *seen = output_of(directory, "readelf", "-Wr", "livepatch.o", NULL);
	assert_non_null(strstr(seen, "R_X86_64_PC32          0000000000000000 "
				     ".klp.sym.vmlinux.printk,0 - 4"));

	AUTO(object) again = read_sound(path);
	struct section *read_rela = object_section(again, rela->name);
	assert_int_equal(read_rela->flags, rela->flags);
	assert_ptr_equal(read_rela->relocates, object_section(again, ".text"));
	assert_int_equal(read_rela->relocs->len, 1);
	assert_int_equal(section_reloc(read_rela, 0)->symbol->special, SHN_LIVEPATCH);
	assert_int_equal(object_section(again, ".text")->relocs->len, 0);
}

static void test_link_order_is_kept(void **state)
{
	const char *directory = *state;
	g_autofree char *path = compile(directory, "order.S",
					".text\nf: ret\n"
					".section places,\"ao\",@progbits,.text\n.quad f\n",
					NULL);
	g_autofree char *written = path_in(directory, "order2.o");
	AUTO(object) object = read_sound(path);

	assert_ptr_equal(object_section(object, "places")->linked, object_section(object, ".text"));
	write_sound(object, written);
	AUTO(object) again = read_sound(written);
	assert_ptr_equal(object_section(again, "places")->linked, object_section(again, ".text"));
}

static void test_sections_grow(void **state)
{
	AUTO(object) object = object_new("made");
	struct section *data =
		object_add_section(object, ".data", SHT_PROGBITS, SHF_ALLOC, 1, "abc", 3);
	struct section *bss = object_add_section(object, ".bss", SHT_NOBITS, SHF_ALLOC, 1, NULL, 3);

	assert_int_equal(section_append(data, "de", 2, 8), 8);
	assert_int_equal(section_append(data, NULL, 4, 1), 10);
	assert_int_equal(data->size, 14);
	assert_int_equal(data->align, 8);
	assert_memory_equal(data->data, "abc\0\0\0\0\0de\0\0\0\0", 14);
	assert_int_equal(section_append(bss, NULL, 4, 4), 4);
	assert_int_equal(bss->size, 8);
	assert_null(bss->data);
}

/* More sections than a symbol's own field can name: the index is in a table aside. */
static void test_very_many_sections(void **state)
{
	const char *directory = *state;
	GString *source = g_string_new(NULL);

	for (guint i = 0; i < 66000; i++)
		g_string_append_printf(source, ".section .d%u,\"aw\"\ns%u: .byte 1\n", i, i);
	g_autofree char *path = compile(directory, "many.S", source->str, NULL);
	AUTO(object) object = read_sound(path);
	g_autoptr(GError) error = NULL;

	assert_string_equal(object_symbol(object, "s65999")->section->name, ".d65999");
	assert_false(object_write(object, path, &error));
	assert_error(&error, KLATCH_REFUSED, "sections");
	g_string_free(source, TRUE);
}

static void test_program_has_sections_only(void **state)
{
	const char *directory = *state;
	g_autofree char *part = compile(directory, "start.S", ".globl _start\n_start: ret\n", NULL);
	g_autofree char *path = path_in(directory, "start");

	g_free(output_of(directory, "ld", "-o", "start", "start.o", "-Ttext=0x401000", NULL));
	AUTO(object) object = read_sound(path);
	assert_int_equal(object->type, ET_EXEC);
	assert_int_equal(object_section(object, ".text")->address, 0x401000);
	assert_memory_equal(object_section(object, ".text")->data, "\xc3", 1);
	assert_int_equal(object->symbols->len, 0);
}

/* A file in memory, to be made wrong. */
struct file {
	guint8 *data;
	gsize size;
	Elf64_Ehdr *header;
	Elf64_Shdr *sections;
};

static struct file map_file(const char *path)
{
	g_autoptr(GBytes) bytes = files_map(path, NULL);
	struct file file = {.size = g_bytes_get_size(bytes)};

	file.data = g_memdup2(g_bytes_get_data(bytes, NULL), file.size);
	file.header = (Elf64_Ehdr *)file.data;
	file.sections = (Elf64_Shdr *)(file.data + file.header->e_shoff);
	return file;
}

static Elf64_Shdr *find(const struct file *file, guint32 type)
{
	for (guint i = 0; i < file->header->e_shnum; i++)
		if (file->sections[i].sh_type == type)
			return &file->sections[i];
	fail_msg("the object has no section of type %u", type);
	return NULL;
}

static Elf64_Sym *symbol_of(const struct file *file)
{
	Elf64_Sym *symbol = (Elf64_Sym *)(file->data + find(file, SHT_SYMTAB)->sh_offset);

	while (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC)
		symbol++;
	return symbol;
}

static Elf64_Rela *rela_of(const struct file *file)
{
	return (Elf64_Rela *)(file->data + find(file, SHT_RELA)->sh_offset);
}

static void wrong_magic(const struct file *file)
{
	file->data[0] = 'X';
}
static void wrong_class(const struct file *file)
{
	file->data[EI_CLASS] = ELFCLASS32;
}
static void wrong_machine(const struct file *file)
{
	file->header->e_machine = EM_AARCH64;
}
static void wrong_type(const struct file *file)
{
	file->header->e_type = ET_CORE;
}
static void no_section_table(const struct file *file)
{
	file->header->e_shoff = 0;
}
static void section_beyond_end(const struct file *file)
{
	find(file, SHT_RELA)->sh_offset = file->size - 1;
}
static void section_too_long(const struct file *file)
{
	find(file, SHT_PROGBITS)->sh_size = G_MAXUINT32;
}
static void section_size_overflows(const struct file *file)
{
	find(file, SHT_PROGBITS)->sh_size = G_MAXUINT64 - 8;
}
static void half_an_entry(const struct file *file)
{
	find(file, SHT_PROGBITS)->sh_entsize = G_MAXUINT32;
}
static void compressed(const struct file *file)
{
	find(file, SHT_PROGBITS)->sh_flags |= SHF_COMPRESSED;
}
static void sections_overlap(const struct file *file)
{
	Elf64_Shdr *section = find(file, SHT_PROGBITS);

	section->sh_offset = 0;
	section->sh_size = file->size;
}
static void odd_alignment(const struct file *file)
{
	find(file, SHT_PROGBITS)->sh_addralign = 3;
}
static void bad_section_name(const struct file *file)
{
	find(file, SHT_PROGBITS)->sh_name = G_MAXINT32;
}
static void no_names(const struct file *file)
{
	file->header->e_shstrndx = 1;
}
static void unterminated_names(const struct file *file)
{
	Elf64_Shdr *table = &file->sections[file->header->e_shstrndx];

	table->sh_size--;
	file->data[table->sh_offset + table->sh_size - 1] = 'x';
}
static void symbols_in_odd_bytes(const struct file *file)
{
	find(file, SHT_SYMTAB)->sh_size--;
}
static void bad_symbol_name(const struct file *file)
{
	symbol_of(file)->st_name = G_MAXUINT32;
}
static void bad_symbol_section(const struct file *file)
{
	symbol_of(file)->st_shndx = file->header->e_shnum;
}
static void special_symbol_section(const struct file *file)
{
	symbol_of(file)->st_shndx = SHN_XINDEX;
}
static void symbol_too_long(const struct file *file)
{
	symbol_of(file)->st_size = G_MAXUINT64;
}
static void symbol_beyond_section(const struct file *file)
{
	symbol_of(file)->st_value = G_MAXUINT64;
}
static void reloc_beyond_section(const struct file *file)
{
	rela_of(file)->r_offset = G_MAXUINT64 - 2;
}
static void reloc_half_outside(const struct file *file)
{
	rela_of(file)->r_offset = file->sections[find(file, SHT_RELA)->sh_info].sh_size - 3;
}
static void reloc_without_symbol(const struct file *file)
{
	rela_of(file)->r_info = ELF64_R_INFO(0xffffff, R_X86_64_PC32);
}
static void unknown_reloc(const struct file *file)
{
	rela_of(file)->r_info = ELF64_R_INFO(1, 200);
}
static void reloc_of_nothing(const struct file *file)
{
	find(file, SHT_RELA)->sh_info = 0;
}
static void reloc_of_other_symbols(const struct file *file)
{
	find(file, SHT_RELA)->sh_link = 1;
}

static void test_unsound_files_are_refused(void **state)
{
	static const struct {
		void (*spoil)(const struct file *file);
		const char *text;
	} cases[] = {
		{wrong_magic, "not an ELF file"},
		{wrong_class, "not a little-endian ELF64"},
		{wrong_machine, "not for x86-64"},
		{wrong_type, "type 4"},
		{no_section_table, "section table"},
		{section_beyond_end, "outside of the file"},
		{section_too_long, "outside of the file"},
		{section_size_overflows, "over 4 GiB"},
		{half_an_entry, "middle of an entry"},
		{compressed, "is compressed"},
		{sections_overlap, "overlap"},
		{odd_alignment, "alignment"},
		{bad_section_name, "bad name"},
		{no_names, "not a string table"},
		{unterminated_names, "does not end with NUL"},
		{symbols_in_odd_bytes, "symbol table"},
		{bad_symbol_name, "bad name"},
		{bad_symbol_section, "in no section"},
		{special_symbol_section, "in no section"},
		{symbol_too_long, "outside of section"},
		{symbol_beyond_section, "outside of section"},
		{reloc_beyond_section, "outside of section"},
		{reloc_half_outside, "outside of section"},
		{reloc_without_symbol, "no usable symbol"},
		{unknown_reloc, "type 200"},
		{reloc_of_nothing, "bad links"},
		{reloc_of_other_symbols, "bad links"},
	};
	g_autofree char *path = compile(*state, "victim.c", program, "-O1", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct file file = map_file(path);
		g_autoptr(GError) error = NULL;

		cases[i].spoil(&file);
		g_autoptr(GBytes) bytes = g_bytes_new_take(file.data, file.size);
		assert_null(object_read_bytes(bytes, "victim.o", &error));
		assert_error(&error, KLATCH_INPUT, cases[i].text);
	}
}

/* The section table is at the end, so whatever is cut off is missed. */
static void test_cut_files_are_refused(void **state)
{
	g_autofree char *path = compile(*state, "cut.c", program, "-O1", NULL);
	struct file file = map_file(path);
	g_autoptr(GBytes) bytes = g_bytes_new_take(file.data, file.size);

	for (gsize size = 0; size < file.size; size++) {
		g_autoptr(GBytes) cut = g_bytes_new(file.data, size);
		g_autoptr(GError) error = NULL;

		assert_null(object_read_bytes(cut, "cut.o", &error));
		assert_error(&error, KLATCH_INPUT, "cut.o");
	}
}

static void test_missing_file_is_named(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_null(object_read("/nonesuch/a.o", &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "/nonesuch/a.o");
}

static void test_relocation_types(void **state)
{
	assert_int_equal(reloc_size(R_X86_64_NONE), 0);
	assert_int_equal(reloc_size(R_X86_64_64), 8);
	assert_int_equal(reloc_size(R_X86_64_PLT32), 4);
	assert_int_equal(reloc_size(39), -1);
	assert_int_equal(reloc_size(G_MAXUINT32), -1);
	assert_true(reloc_is_relative(R_X86_64_PC32));
	assert_false(reloc_is_relative(R_X86_64_32S));
	assert_string_equal(reloc_name(R_X86_64_PC32), "R_X86_64_PC32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tools_see_the_same),
		cmocka_unit_test(test_written_object_links_and_runs),
		cmocka_unit_test(test_same_model_same_bytes),
		cmocka_unit_test(test_the_graph),
		cmocka_unit_test(test_relocs_stay_in_order),
		cmocka_unit_test(test_file_index_is_the_written_one),
		cmocka_unit_test(test_groups_are_dissolved),
		cmocka_unit_test(test_livepatch_relocations),
		cmocka_unit_test(test_link_order_is_kept),
		cmocka_unit_test(test_sections_grow),
		cmocka_unit_test(test_very_many_sections),
		cmocka_unit_test(test_program_has_sections_only),
		cmocka_unit_test(test_unsound_files_are_refused),
		cmocka_unit_test(test_cut_files_are_refused),
		cmocka_unit_test(test_missing_file_is_named),
		cmocka_unit_test(test_relocation_types),
	};

	return cmocka_run_group_tests_name("object", tests, make_directory, remove_directory);
}
