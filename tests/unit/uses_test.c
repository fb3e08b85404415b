/*
 * Who may use a function, of a vmlinux that is linked here: each way to lead to it, and what only
 * looks like one.
 */
#include "help.h"
#include "match/uses.h"

/* `used` and a symbol at each place that must be found; other places must not be. */
static const char source[] = ".section .text,\"ax\"\n"
			     ".globl used\n"
			     "used:		ret\n"
			     "caller:	call used\n"
			     "calls = . - 4\n"
			     "		.byte 0xe9\n"
			     "jumps:		.long used - . - 4\n"
			     "		.byte 0x0f, 0x85\n"
			     "jumps_if:	.long used - . - 4\n"
			     "takes:		lea used(%rip), %rdi\n"
			     "takes_rip = . - 4\n"
			     "		mov $used, %rdi\n"
			     "takes_immediate = . - 4\n"
			     "looks_so:	andb $0x10, used - . - 6(%rbx)\n"
			     "		call used + 1\n"
			     ".section .init.text,\"ax\"\n"
			     "starts:	call used\n"
			     "		lea used(%rip), %rdi\n"
			     "takes_early = . - 4\n"
			     ".section .altinstr_replacement,\"ax\"\n"
			     "		.byte 0xe8\n"
			     "replaces:	.long used - . - 4\n"
			     ".section .rodata,\"a\"\n"
			     "		.byte 0\n"
			     "points:	.quad used\n"
			     "leads:		.long used - .\n"
			     "		.long used - . - 4, 0x1000\n"
			     ".section .init.data,\"aw\"\n"
			     "points_early:	.quad used\n"
			     ".section .mixed,\"awx\"\n"
			     "mixed:		.long used - .\n"
			     ".section .orc_unwind_ip,\"a\"\n"
			     "		.long used - .\n"
			     ".section __ksymtab,\"a\"\n"
			     "		.long used - .\n"
			     ".section .smp_locks,\"a\"\n"
			     "		.long used - .\n"
			     ".section .bss,\"aw\",@nobits\n"
			     "		.zero 64\n";

static const struct {
	const char *name;
	gboolean taken;
} expected[] = {
	{"calls", FALSE},	   {"jumps", FALSE},	   {"jumps_if", FALSE}, {"takes_rip", TRUE},
	{"takes_immediate", TRUE}, {"takes_early", TRUE},  {"replaces", FALSE}, {"points", TRUE},
	{"leads", TRUE},	   {"points_early", TRUE}, {"mixed", TRUE},
};

static struct image *image_of(const char *directory)
{
	g_autofree char *vmlinux = path_in(directory, "vmlinux");
	g_autofree char *kallsyms = path_in(directory, "kallsyms");
	struct kernel kernel = {.series = 6001, .vmlinux = vmlinux, .kallsyms = kallsyms};
	g_autoptr(GError) error = NULL;

	g_free(compile(directory, "vmlinux.S", source, NULL));
	g_free(output_of(directory, "ld", "-Ttext=0xffffffff81000000", "-e", "0", "-o", "vmlinux",
			 "vmlinux.o", NULL));
	g_autofree char *symbols = output_of(directory, "nm", "-n", "vmlinux", NULL);
	write_text(directory, "kallsyms", symbols);

	struct image *image = image_open(&kernel, "vmlinux", &error);
	assert_no_error(error);
	return image;
}

static guint64 address_of(const struct image *image, const char *name)
{
	gsize count;
	const guint64 *addresses = image_addresses(image, name, &count);

	assert_int_equal(count, 1);
	return addresses[0];
}

/* How many of the uses are at a place, and as is expected. */
static guint count_at(const GArray *uses, guint64 place, gboolean taken)
{
	guint count = 0;

	for (guint i = 0; i < uses->len; i++) {
		const struct image_use *use = &g_array_index(uses, struct image_use, i);

		if (use->place == place) {
			assert_int_equal(use->taken, taken);
			count++;
		}
	}
	return count;
}

static void test_all_uses(void **state)
{
	AUTO(image) image = image_of(*state);
	g_autoptr(GArray) uses = image_uses(image, address_of(image, "used"));

	for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
		if (count_at(uses, address_of(image, expected[i].name), expected[i].taken) != 1)
			fail_msg("%s was not found", expected[i].name);
	assert_int_equal(uses->len, G_N_ELEMENTS(expected));
}

static void test_by_rising_place(void **state)
{
	AUTO(image) image = image_of(*state);
	g_autoptr(GArray) uses = image_uses(image, address_of(image, "used"));

	for (guint i = 1; i < uses->len; i++)
		assert_true(g_array_index(uses, struct image_use, i - 1).place <
			    g_array_index(uses, struct image_use, i).place);
}

static void test_no_uses(void **state)
{
	AUTO(image) image = image_of(*state);
	g_autoptr(GArray) uses = image_uses(image, address_of(image, "takes"));

	assert_int_equal(uses->len, 0);
}

static void test_names(void **state)
{
	AUTO(image) image = image_of(*state);

	assert_string_equal(image_symbol(image, address_of(image, "takes") + 1), "takes");
	assert_null(image_symbol(image, 0x1000));
	assert_true(image_has_prefix(image, "points_"));
	assert_false(image_has_prefix(image, "points_later"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_uses),
		cmocka_unit_test(test_by_rising_place),
		cmocka_unit_test(test_no_uses),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
