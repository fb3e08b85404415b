/*
 * How the guest looks at late references: a core file of the test's own, with sites of each type
 * that lead from a livepatch to its target.
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "lab/guest/sites.c"

#define TEXT	0xffffffffc0000100 /* of the livepatch */
#define TARGET	0xffffffffc0100000
#define RANGE	0xffffffffc0000000
#define SIZE	4096
#define CONTENT 8192 /* where the range is in the core file */

void guest_note(struct guest *guest, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(guest->report, format, arguments);
	va_end(arguments);
	fputc('\n', guest->report);
	fflush(guest->report);
}

bool livepatch_applies(const struct module *module, const char *object)
{
	return true;
}

struct fixture {
	char *directory;
	struct guest guest;
	struct memory memory;
	char *notes;
	size_t size;
};

/* A core file with one range: of the livepatch's memory. */
static void write_core(const char *path)
{
	guint8 file[CONTENT + SIZE] = {0};
	const Elf64_Ehdr header = {.e_phoff = sizeof(header), .e_phnum = 2};
	const Elf64_Phdr ranges[] = {
		{.p_type = PT_NOTE, .p_vaddr = RANGE, .p_filesz = SIZE},
		{.p_type = PT_LOAD, .p_vaddr = RANGE, .p_filesz = SIZE, .p_offset = CONTENT},
	};
	const guint64 absolute = TARGET + 0x20;
	const guint32 low = (guint32)absolute, relative = (guint32)(TARGET + 0x1c - (TEXT + 0x10));

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), ranges, sizeof(ranges));
	memcpy(file + CONTENT + 0x100, &absolute, 8);
	memcpy(file + CONTENT + 0x108, &low, 4);
	memcpy(file + CONTENT + 0x110, &relative, 4);
	g_assert_true(g_file_set_contents(path, (char *)file, sizeof(file), NULL));
}

/* What sysfs would say of sections is known already. */
static void add_address(struct memory *memory, const char *module, const char *name,
			uint64_t address)
{
	struct section *section = malloc(sizeof(*section));

	*section = (struct section){module, name, address, memory->sections};
	memory->sections = section;
}

static int set_up(void **state)
{
	struct fixture *fixture = g_new0(struct fixture, 1);
	g_autofree char *core = NULL;

	make_directory((void **)&fixture->directory);
	core = path_in(fixture->directory, "core");
	write_core(core);
	assert_true(memory_open(&fixture->memory, core));
	add_address(&fixture->memory, "fix", ".text", TEXT);
	add_address(&fixture->memory, "tun", ".data", TARGET);
	add_address(&fixture->memory, "tun", ".gone", 0);
	fixture->guest.report = open_memstream(&fixture->notes, &fixture->size);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	memory_close(&fixture->memory);
	fclose(fixture->guest.report);
	free(fixture->notes);
	remove_directory((void **)&fixture->directory);
	g_free(fixture);
	return 0;
}

static const struct module livepatch = {.label = "fix", .name = "fix"};

static bool is_right(struct fixture *fixture, uint64_t offset, unsigned int type, int64_t addend,
		     const char *section)
{
	const struct site site = {
		.livepatch = &livepatch,
		.object = "tun",
		.section = ".text",
		.offset = offset,
		.type = type,
		.addend = addend,
		.symbol_object = "tun",
		.symbol_section = section,
		.symbol_offset = 0x10,
	};

	return site_is_right(&fixture->guest, &fixture->memory, &site);
}

static void test_right_sites(void **state)
{
	assert_true(is_right(*state, 0, R_X86_64_64, 0x10, ".data"));
	assert_true(is_right(*state, 0, R_X86_64_32S, 0x10, ".data"));
	assert_true(is_right(*state, 8, R_X86_64_32, 0x10, ".data"));
	assert_true(is_right(*state, 0x10, R_X86_64_PC32, 0xc, ".data"));
	assert_true(is_right(*state, 0x10, R_X86_64_PLT32, 0xc, ".data"));
	assert_true(is_right(*state, 0x10, R_X86_64_PC64, 0xc, ".data"));
}

static void test_wrong_sites_are_told(void **state)
{
	struct fixture *fixture = *state;

	assert_false(is_right(fixture, 0, R_X86_64_64, 0x11, ".data"));
	assert_non_null(strstr(fixture->notes, "fix: late reference at .text+0 holds "
					       "0xffffffffc0100020, not 0xffffffffc0100021"));
	assert_false(is_right(fixture, 0x14, R_X86_64_PC32, 0xc, ".data"));
	/* As the kernel leaves a place that nobody wrote. */
	assert_false(is_right(fixture, 0x20, R_X86_64_PLT32, -4, ".data"));
	assert_non_null(strstr(fixture->notes, ".text+0x20 holds 0, not"));
}

static void test_what_cannot_be_looked_at(void **state)
{
	struct fixture *fixture = *state;

	/* Out of the range, a section that sysfs does not know, a type that nobody writes. */
	assert_false(is_right(fixture, SIZE - 0x104, R_X86_64_64, 0, ".data"));
	assert_false(is_right(fixture, 0, R_X86_64_64, 0x10, ".gone"));
	assert_false(is_right(fixture, 0, R_X86_64_GOTPCREL, 0x10, ".data"));
	assert_non_null(strstr(fixture->notes, "can't be looked at"));
}

static void test_core_file_that_is_cut_short(void **state)
{
	struct fixture *fixture = *state;
	g_autofree char *path = path_in(fixture->directory, "short");
	struct memory memory;

	write_text(fixture->directory, "short", "\177ELF");
	assert_false(memory_open(&memory, path));
	memory_close(&memory);
	assert_false(memory_open(&memory, "/nowhere/core"));
	memory_close(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_right_sites, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wrong_sites_are_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_looked_at, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_core_file_that_is_cut_short, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("guest_sites", tests, NULL, NULL);
}
