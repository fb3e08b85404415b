/*
 * Kallsyms out of images that tests/image makes, in every layout; and as text.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "help.h"
#include "kernel/kallsyms.h"

/* More than two markers' worth, names that share tokens, one name over the one-byte length. */
static char *some_symbols(gboolean per_cpu)
{
	GString *text = g_string_new(NULL);
	g_autofree char *lengthy = g_strnfill(200, 'n');

	if (per_cpu)
		g_string_append(text, "0000000000000000 A __per_cpu_start\n"
				      "0000000000001c40 A init_percpu\n");
	g_string_append(text, "ffffffff81000000 T _text\n"
			      "ffffffff81000000 T _stext\n");
	for (int i = 0; i < 700; i++)
		g_string_append_printf(text, "%016x t lock_%d.part.0\n", 0, i % 300);
	for (char *at = text->str, *end; (end = strchr(at, '\n')); at = end + 1)
		if (g_str_has_prefix(at, "0000000000000000 t"))
			memcpy(at, "ffffffff81000100", 16);
	g_string_append_printf(text, "ffffffff81000200 b %s\n", lengthy);
	return g_string_free(text, FALSE);
}

/* Makes an image with symbols.  The arguments are those of tests/image/vmlinux. */
static char *make_image(const char *directory, const char *symbols, const char *place,
			const char *encoding, const char *order)
{
	g_autofree char *script = g_canonicalize_filename("tests/image/vmlinux", NULL);
	const char *command = "\"$0\" \"$1\" \"$2\" \"$3\" image <symbols";

	write_text(directory, "symbols", symbols);
	g_free(output_of(directory, "sh", "-c", command, script, place, encoding, order, NULL));
	return path_in(directory, "image");
}

static struct kallsyms *decode(const char *path, GError **error)
{
	g_autoptr(GBytes) image = files_map(path, NULL);

	return kallsyms_decode(image, path, error);
}

static void test_every_layout(void **state)
{
	static const struct {
		const char *place, *encoding, *order;
	} layouts[] = {
		{"before", "percpu", "0"}, {"before", "base", "0"},  {"before", "percpu", "4"},
		{"before", "percpu", "3"}, {"after", "percpu", "0"}, {"after", "base", "0"},
		{"after", "place", "0"},   {"after", "place4", "0"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(layouts); i++) {
		g_autofree char *symbols = some_symbols(!strcmp(layouts[i].encoding, "percpu"));
		g_autofree char *image = make_image(*state, symbols, layouts[i].place,
						    layouts[i].encoding, layouts[i].order);
		g_autoptr(GError) error = NULL;
		AUTO(kallsyms) kallsyms = decode(image, &error);

		assert_no_error(error);
		g_autofree char *text = kallsyms_format(kallsyms);
		assert_string_equal(text, symbols);
	}
}

static void test_wrong_tables_are_refused(void **state)
{
	static const char *const wrong[] = {
		"ffffffff81000000 T not_text\nffffffff81000010 t f\n",
		"ffffffff81000010 T _text\nffffffff81000020 t f\n",
		"ffffffff81000000 T _text\nffffffff81000020 t f\nffffffff81000010 t g\n",
		"ffffffff81000000 4 _text\nffffffff81000010 t f\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *image = make_image(*state, wrong[i], "before", "base", "0");
		g_autoptr(GError) error = NULL;

		assert_null(decode(image, &error));
		assert_error(&error, KLATCH_INPUT, "kallsyms");
	}
}

static void test_cut_image_is_refused(void **state)
{
	g_autofree char *symbols = some_symbols(FALSE);
	g_autofree char *path = make_image(*state, symbols, "after", "base", "0");
	g_autoptr(GBytes) image = files_map(path, NULL);
	gsize size = g_bytes_get_size(image);

	/* the last 64 bytes follow the tables; section headers and their names come after */
	for (gsize keep = 0; keep < size - 2000; keep += 251) {
		g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(image, NULL), keep);
		g_autoptr(GBytes) cut = g_bytes_new_static(copy, keep);
		g_autoptr(GError) error = NULL;

		assert_null(kallsyms_decode(cut, "cut", &error));
		assert_error(&error, KLATCH_INPUT, "cut");
	}
}

static void test_text_is_read_back(void **state)
{
	g_autofree char *symbols = some_symbols(TRUE);
	g_autofree char *path = path_in(*state, "kallsyms");
	g_autoptr(GError) error = NULL;

	write_text(*state, "kallsyms", symbols);
	AUTO(kallsyms) kallsyms = kallsyms_read(path, &error);
	assert_no_error(error);
	assert_int_equal(kallsyms->count, 705);
	g_autofree char *text = kallsyms_format(kallsyms);
	assert_string_equal(text, symbols);
	assert_int_equal(kallsyms->symbols[2].address, 0xffffffff81000000);
	assert_int_equal(kallsyms->symbols[2].type, 'T');
}

static void test_bad_lines_are_named(void **state)
{
	static const struct {
		const char *text, *line;
	} wrong[] = {
		{"", "line 1"},
		{"\n", "line 1"},
		{"ffffffff81000000 T a", "line 1"},
		{"ffffffff81000000 T a\nffffffff8100000g T b\n", "line 2"},
		{"ffffffff81000000 T a\nffffffff81000000 T \n", "line 2"},
		{"ffffffff81000000 T a\nffffffff81000000 T b\t[tun]\n", "line 2"},
		{"ffffffff81000000 T a\nffffffff80000000 T b\n", "line 2"},
		{"ffffffff81000000 1 a\n", "line 1"},
	};
	g_autofree char *path = path_in(*state, "kallsyms");

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;

		write_text(*state, "kallsyms", wrong[i].text);
		assert_null(kallsyms_read(path, &error));
		assert_error(&error, KLATCH_INPUT, wrong[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_layout),
		cmocka_unit_test(test_wrong_tables_are_refused),
		cmocka_unit_test(test_cut_image_is_refused),
		cmocka_unit_test(test_text_is_read_back),
		cmocka_unit_test(test_bad_lines_are_named),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
