/*
 * Images: a module laid out and relocated, vmlinux at its own addresses, and how the kernel's
 * livepatch code would find the symbols of both.
 */
#include <string.h>

#include "base/error.h"
#include "help.h"
#include "match/field.h"
#include "match/image.h"

/* `same` in init text, in text and in data; `both` static and then global. */
static const char *const sources[] = {
	".section .init.text,\"ax\"\n"
	"same:	ret\n"
	"starts:	ret\n"
	".section .modinfo,\"a\"\n"
	"author:	.asciz \"somebody\"\n"
	".text\n"
	"	ret\n"
	"both:	ret\n",

	".globl calls, both\n"
	"calls:	call outside + 16\n"
	"	movl other(%rip), %eax\n"
	"same:	mov $buffer + 8, %rax\n"
	"both:	ret\n"
	".bss\n"
	"	.balign 16\n"
	"buffer:	.zero 64\n"
	".section .data..percpu,\"aw\"\n"
	"each:	.long 1\n",

	".data\n"
	"	.quad calls\n"
	"same:	.long same - .\n",
};

static void compile_units(const char *directory)
{
	g_free(compile(directory, "first.S", sources[0], NULL));
	g_free(compile(directory, "second.S", sources[1], NULL));
	g_free(compile(directory, "third.S", sources[2], NULL));
}

static struct image *module_of(const char *directory, const char *file, GError **error)
{
	g_autofree char *path = path_in(directory, file);
	struct object *object = object_read(path, error);

	return object ? image_of_module(object, "module", 6001, error) : NULL;
}

static struct image *whole_module(const char *directory)
{
	g_autoptr(GError) error = NULL;

	compile_units(directory);
	g_free(output_of(directory, "ld", "-r", "-o", "module.ko", "first.o", "second.o", "third.o",
			 NULL));
	struct image *image = module_of(directory, "module.ko", &error);
	assert_no_error(error);
	return image;
}

static guint64 address_of(const struct image *image, const char *name, gsize index)
{
	gsize count;
	const guint64 *addresses = image_addresses(image, name, &count);

	assert_true(index < count);
	return addresses[index];
}

/* The bytes at an address, of which at least so many must be there. */
static const guint8 *bytes_at(const struct image *image, guint64 address, guint64 least)
{
	guint64 available;
	const guint8 *bytes = image_bytes(image, address, &available);

	assert_non_null(bytes);
	assert_true(available >= least);
	return bytes;
}

static void test_relocated(void **state)
{
	AUTO(image) image = whole_module(*state);
	guint64 calls = address_of(image, "calls", 0), outside = address_of(image, "outside", 0);
	const guint8 *code = bytes_at(image, calls, 19);

	assert_int_equal(code[0], 0xe8);
	assert_int_equal(field_read(code + 1, R_X86_64_PLT32, calls + 1), outside + 16 - 4);
	assert_int_equal(field_read(code + 7, R_X86_64_PC32, calls + 7),
			 address_of(image, "other", 0) - 4);
	assert_int_equal(field_read(code + 14, R_X86_64_32S, calls + 14),
			 address_of(image, "buffer", 0) + 8);
	assert_int_equal(address_of(image, "same", 1), calls + 11);
	guint64 data = address_of(image, "same", 2) - 8;
	assert_int_equal(field_read(bytes_at(image, data, 12), R_X86_64_64, data), calls);
}

static void test_addresses(void **state)
{
	AUTO(image) image = whole_module(*state);
	guint64 outside = address_of(image, "outside", 0), other = address_of(image, "other", 0);
	guint64 available, address, size;
	gsize count;

	assert_string_equal(image_name(image), "module");
	assert_int_equal(image_series(image), 6001);
	/* undefined: an address of its own, without bytes */
	assert_true(MAX(outside, other) - MIN(outside, other) >= 0x10000);
	assert_null(image_bytes(image, outside, &available));
	assert_int_equal(available, 0);
	/* bss: an address and a size */
	assert_null(image_bytes(image, address_of(image, "buffer", 0) + 4, &available));
	assert_int_equal(available, 60);
	assert_int_equal(address_of(image, "buffer", 0) % 16, 0);
	assert_null(image_addresses(image, "nowhere", &count));
	assert_int_equal(count, 0);
	assert_true(image_section(image, ".bss", &address, &size));
	assert_int_equal(address, address_of(image, "buffer", 0));
	assert_int_equal(size, 64);
	assert_false(image_section(image, ".nowhere", &address, &size));
	assert_null(image_bytes(image, address - 1, &available));
}

static void test_resolves(void **state)
{
	AUTO(image) image = whole_module(*state);

	/* the static one was linked first */
	assert_false(image_resolves(image, "both", address_of(image, "both", 0)));
	assert_true(image_resolves(image, "both", address_of(image, "both", 1)));
	assert_true(image_resolves(image, "outside", address_of(image, "outside", 0)));
	assert_true(image_resolves(image, "starts", address_of(image, "starts", 0)));
	assert_false(image_resolves(image, "nowhere", 0));
}

static void test_describe(void **state)
{
	AUTO(image) image = whole_module(*state);
	g_autofree char *at = image_describe(image, address_of(image, "calls", 0));
	g_autofree char *in = image_describe(image, address_of(image, "calls", 0) + 2);
	g_autofree char *section = image_describe(image, address_of(image, "same", 2) - 4);
	g_autofree char *nowhere = image_describe(image, 0x1000);

	assert_string_equal(at, "calls");
	assert_string_equal(in, "calls+0x2");
	assert_string_equal(section, ".data+0x4");
	assert_string_equal(nowhere, "0x1000");
}

static void check_sympos(const struct image *image, const char *name, gsize index, guint coming,
			 guint live)
{
	guint found_coming, found_live;

	assert_true(image_sympos(image, name, address_of(image, name, index), &found_coming,
				 &found_live));
	assert_int_equal(found_coming, coming);
	assert_int_equal(found_live, live);
}

static void check_no_sympos(const struct image *image, const char *name, guint64 address)
{
	guint coming, live;

	assert_false(image_sympos(image, name, address, &coming, &live));
}

/* While a module is coming, the kernel sees its init symbols too. */
static void test_sympos_of_module(void **state)
{
	AUTO(image) image = whole_module(*state);

	check_sympos(image, "calls", 0, 0, 0);
	check_sympos(image, "each", 0, 0, 0);
	check_sympos(image, "both", 0, 1, 1);
	check_sympos(image, "both", 1, 2, 2);
	check_sympos(image, "same", 1, 2, 1);
	check_sympos(image, "same", 2, 3, 2);
	check_no_sympos(image, "same", address_of(image, "same", 0));
	check_no_sympos(image, "starts", address_of(image, "starts", 0));
	check_no_sympos(image, "author", address_of(image, "author", 0));
	check_no_sympos(image, "outside", address_of(image, "outside", 0));
	check_no_sympos(image, "calls", address_of(image, "calls", 0) + 1);
	check_no_sympos(image, "nowhere", 0);
}

static struct image *vmlinux_of(const char *directory, GError **error)
{
	g_autofree char *vmlinux = path_in(directory, "vmlinux");
	g_autofree char *kallsyms = path_in(directory, "kallsyms");
	struct kernel kernel = {.series = 6001, .vmlinux = vmlinux, .kallsyms = kallsyms};

	return image_open(&kernel, "vmlinux", error);
}

static void link_vmlinux(const char *directory)
{
	compile_units(directory);
	g_free(output_of(directory, "ld", "-Ttext=0xffffffff81000000", "-e", "0", "--defsym",
			 "outside=0xffffffff81000000", "--defsym", "other=0xffffffff81000000", "-o",
			 "vmlinux", "first.o", "second.o", "third.o", NULL));
	g_autofree char *symbols = output_of(directory, "nm", "-n", "vmlinux", NULL);
	write_text(directory, "kallsyms", symbols);
}

static void test_vmlinux(void **state)
{
	g_autoptr(GError) error = NULL;

	link_vmlinux(*state);
	AUTO(image) image = vmlinux_of(*state, &error);
	assert_no_error(error);

	guint64 calls = address_of(image, "calls", 0), available;
	assert_int_equal(calls, 0xffffffff81000000 + 2);
	assert_int_equal(bytes_at(image, calls, 19)[0], 0xe8);
	assert_null(image_bytes(image, address_of(image, "buffer", 0), &available));
	assert_int_equal(available, 64);
	/* in order of address, whatever they are */
	check_sympos(image, "calls", 0, 0, 0);
	check_sympos(image, "same", 0, 1, 1);
	check_sympos(image, "same", 1, 2, 2);
	check_sympos(image, "same", 2, 3, 3);
	check_sympos(image, "starts", 0, 0, 0);
	assert_false(image_resolves(image, "both", address_of(image, "both", 0)));
	assert_true(image_resolves(image, "both", address_of(image, "both", 1)));
}

static void test_damaged_vmlinux(void **state)
{
	g_autoptr(GError) error = NULL;

	link_vmlinux(*state);
	g_free(output_of(*state, "truncate", "-s", "-100", "vmlinux", NULL));
	assert_null(vmlinux_of(*state, &error));
	assert_error(&error, KLATCH_INPUT, "its section table is damaged");
	write_text(*state, "vmlinux", "no ELF file");
	assert_null(vmlinux_of(*state, &error));
	assert_error(&error, KLATCH_INPUT, "its section table is damaged");
	g_free(output_of(*state, "rm", "vmlinux", NULL));
	assert_null(vmlinux_of(*state, &error));
	assert_error(&error, KLATCH_ENVIRONMENT, "vmlinux");
}

/* Modules that no loader would take. */
static const struct {
	const char *source, *why;
} hostile[] = {
	{".bss\n .zero 0x50000000\n", "too large"},
	{".bss\n .zero 0x30000000\n .section .bss.more,\"aw\",@nobits\n .zero 0x30000000\n",
	 "too large"},
	{".data\n .balign 0x40000000\n .byte 1\n", "too large"},
	{".text\n mov foo@GOTPCREL(%rip), %eax\n", "R_X86_64_GOTPCREL"},
	{".data\n .word foo\n", "R_X86_64_16"},
	{".altmacro\n.macro undefined n\n .quad outside\\n\n.endm\n.data\n.set i, 0\n"
	 ".rept 20000\n undefined %i\n.set i, i+1\n.endr\n",
	 "too large"},
};

static void test_hostile_modules(void **state)
{
	for (gsize i = 0; i < G_N_ELEMENTS(hostile); i++) {
		g_autoptr(GError) error = NULL;

		g_free(compile(*state, "hostile.S", hostile[i].source, NULL));
		assert_null(module_of(*state, "hostile.o", &error));
		assert_error(&error, KLATCH_INPUT, hostile[i].why);
	}
}

static void test_fields(void **state)
{
	static const guint32 types[] = {R_X86_64_64,   R_X86_64_32S,   R_X86_64_32,
					R_X86_64_PC32, R_X86_64_PLT32, R_X86_64_PC64};
	const guint64 place = 0xffffffff81000010, high = 0xffffffffc0001234;

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
		guint64 target = types[i] == R_X86_64_32 ? 0xc0001234 : high;
		guint8 field[9] = {[8] = 0x5a};

		assert_true(field_is_known(types[i]));
		field_write(field, types[i], place, target);
		assert_int_equal(field_read(field, types[i], place), target);
		assert_int_equal(field[8], 0x5a);
		assert_int_equal(field[4], reloc_size(types[i]) == 8 ? field[4] : 0);
	}
	assert_false(field_is_known(R_X86_64_NONE));
	assert_false(field_is_known(R_X86_64_GOTPCREL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relocated),	 cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_resolves),	 cmocka_unit_test(test_describe),
		cmocka_unit_test(test_sympos_of_module), cmocka_unit_test(test_vmlinux),
		cmocka_unit_test(test_damaged_vmlinux),	 cmocka_unit_test(test_hostile_modules),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
