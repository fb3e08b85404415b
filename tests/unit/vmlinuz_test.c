/*
 * bzImages that tests/image makes around an ELF, compressed by the real programs.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "kernel/vmlinuz.h"

#define BANNER                                                                                     \
	"Linux version 6.1.0-56-amd64 (who@where) (gcc-12) #1 SMP Debian 6.1.192-2 (2026-11-16)"

/* An ELF at kernel addresses that holds both banners, as a kernel does. */
static void make_elf(const char *directory)
{
	static const char source[] = "const char fallback[] = \"Linux version 6.1.0-56-amd64 "
				     "(who@where) (gcc-12) # SMP\\n\";\n"
				     "const char format[] = \"Linux version %s\\n\";\n"
				     "const char banner[] = \"" BANNER "\\n\";\n"
				     "int table[5000] = {1}; int zero[100000];\n"
				     "void begin(void) { table[0] = zero[5]; }\n";

	g_free(compile(directory, "kernel.c", source, "-mcmodel=kernel", "-fno-pic", NULL));
	g_free(output_of(directory, "ld", "-static", "-Ttext=0xffffffff81000000", "-e", "begin",
			 "-o", "kernel", "kernel.o", NULL));
}

static GBytes *make_image(const char *directory, const char *compressor)
{
	g_autofree char *script = g_canonicalize_filename("tests/image/bzimage", NULL);
	g_autofree char *path = path_in(directory, "vmlinuz");

	g_free(output_of(directory, "sh", script, compressor, "kernel", "vmlinuz", NULL));
	return files_map(path, NULL);
}

static void test_every_compression(void **state)
{
	static const char *const compressors[] = {"xz --check=crc32 -c", "zstd -c", "gzip"};
	g_autofree char *path = path_in(*state, "kernel");

	make_elf(*state);
	g_autoptr(GBytes) kernel = files_map(path, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(compressors); i++) {
		g_autoptr(GBytes) image = make_image(*state, compressors[i]);
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) vmlinux = vmlinuz_extract(image, "vmlinuz", &error);

		assert_no_error(error);
		/* the ELF alone, without what bzimage put behind it */
		assert_true(g_bytes_equal(vmlinux, kernel));
	}
}

static void test_the_real_banner(void **state)
{
	g_autofree char *path = path_in(*state, "kernel");

	make_elf(*state);
	g_autoptr(GBytes) kernel = files_map(path, NULL);
	g_autofree char *banner = vmlinuz_banner(kernel);
	assert_string_equal(banner, BANNER);

	g_autoptr(GBytes) none = g_bytes_new_static("Linux version %s\n", 17);
	assert_null(vmlinuz_banner(none));
}

static void check_refused(GBytes *image, const char *why)
{
	g_autoptr(GError) error = NULL;

	assert_null(vmlinuz_extract(image, "vmlinuz", &error));
	assert_error(&error, KLATCH_INPUT, why);
}

/* The image with one byte changed. */
static GBytes *changed(GBytes *image, gsize at, guint8 value)
{
	gsize size;
	guint8 *copy = g_memdup2(g_bytes_get_data(image, &size), g_bytes_get_size(image));

	copy[at] = value;
	return g_bytes_new_take(copy, size);
}

static void test_damaged_images_are_refused(void **state)
{
	make_elf(*state);
	g_autoptr(GBytes) image = make_image(*state, "gzip");
	g_autoptr(GBytes) magic = changed(image, 0x202, 'X');
	g_autoptr(GBytes) protocol = changed(image, 0x206, 7);
	g_autoptr(GBytes) outside = changed(image, 0x24b, 0x7f);
	g_autoptr(GBytes) packed = changed(image, 4 * 512 + 64, 0);
	g_autoptr(GBytes) longer = changed(image, g_bytes_get_size(image) - 512 - 2, 0x01);
	g_autoptr(GBytes) header = g_bytes_new_from_bytes(image, 0, 0x240);
	g_autoptr(GBytes) half = g_bytes_new_from_bytes(image, 0, g_bytes_get_size(image) / 2);

	check_refused(magic, "bzImage");
	check_refused(protocol, "bzImage");
	check_refused(outside, "bzImage");
	check_refused(header, "bzImage");
	check_refused(half, "bzImage");
	check_refused(packed, "compressed");
	check_refused(longer, "less than it says");

	g_autoptr(GBytes) checked = make_image(*state, "xz --check=crc32 -c");
	g_autoptr(GBytes) inside = changed(checked, 4 * 512 + 200, 0x55);
	check_refused(inside, "unpacked");
}

static void test_payload_must_be_a_whole_kernel(void **state)
{
	g_free(compile(*state, "kernel.c", "int f(void) { return 1; }\n", NULL));
	g_free(output_of(*state, "cp", "kernel.o", "kernel", NULL));
	g_autoptr(GBytes) object = make_image(*state, "gzip");
	check_refused(object, "ELF executable");

	make_elf(*state);
	g_free(output_of(*state, "sh", "-c", "truncate -s 9000 kernel", NULL));
	g_autoptr(GBytes) cut = make_image(*state, "gzip");
	check_refused(cut, "ELF executable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_compression),
		cmocka_unit_test(test_the_real_banner),
		cmocka_unit_test(test_damaged_images_are_refused),
		cmocka_unit_test(test_payload_must_be_a_whole_kernel),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
