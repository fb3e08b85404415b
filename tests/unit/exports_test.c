/*
 * Module.symvers as modpost writes it, and as it should not be.
 */
#include "base/error.h"
#include "help.h"
#include "kernel/exports.h"

static struct exports *read_text(const char *directory, const char *text, GError **error)
{
	g_autofree char *path = path_in(directory, "Module.symvers");

	write_text(directory, "Module.symvers", text);
	return exports_read(path, error);
}

static void test_found_by_name(void **state)
{
	g_autoptr(GError) error = NULL;
	AUTO(exports)
	exports = read_text(*state,
			    "0x4c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\t\n"
			    "0xdeadbeef\ttun_get_socket\tdrivers/net/tun\tEXPORT_SYMBOL_GPL\t\n"
			    "0x00000000\tuse_it\tdrivers/usb/usb-storage\tEXPORT_SYMBOL_GPL\t"
			    "USB_STORAGE\n",
			    &error);

	assert_no_error(error);
	const struct export *export = exports_find(exports, "phys_base");
	assert_string_equal(export->name, "phys_base");
	assert_string_equal(export->object, "vmlinux");
	assert_string_equal(export->name_space, "");
	assert_int_equal(export->crc, 0x4c9d28b0);
	assert_false(export->gpl);

	export = exports_find(exports, "tun_get_socket");
	assert_string_equal(export->object, "tun");
	assert_int_equal(export->crc, 0xdeadbeef);
	assert_true(export->gpl);

	export = exports_find(exports, "use_it");
	assert_string_equal(export->object, "usb_storage");
	assert_string_equal(export->name_space, "USB_STORAGE");
	assert_null(exports_find(exports, "phys"));
}

static void test_bad_lines_are_named(void **state)
{
#define GOOD "0x4c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\t\n"
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{GOOD "0x4c9d28b0\tother\tvmlinux\tEXPORT_SYMBOL\t", "line 2"},
		{GOOD "\n" GOOD, "line 2"},
		{"0x4c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\n", "line 1"},
		{"0x4c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\t\tmore\n", "line 1"},
		{"0x14c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\t\n", "line 1"},
		{"4c9d28b0\tphys_base\tvmlinux\tEXPORT_SYMBOL\t\n", "line 1"},
		{"0x4c9d28b0\tphys_base\tvmlinux\tGPL\t\n", "line 1"},
		{"0x4c9d28b0\t\tvmlinux\tEXPORT_SYMBOL\t\n", "line 1"},
		{"0x4c9d28b0\tphys_base\tdrivers/\tEXPORT_SYMBOL\t\n", "line 1"},
		{GOOD GOOD, "phys_base is exported twice"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;

		assert_null(read_text(*state, wrong[i].text, &error));
		assert_error(&error, KLATCH_INPUT, wrong[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_by_name),
		cmocka_unit_test(test_bad_lines_are_named),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
