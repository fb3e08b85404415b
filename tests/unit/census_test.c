/*
 * The census of objects that gcc makes: a module with an entry of each kind, and figures on a page.
 */
#include <string.h>

#include "base/error.h"
#include "base/files.h"
#include "census/inside.h"
#include "census/x86.h"
#include "elf/object.h"
#include "elf/view.h"
#include "help.h"

/* Two functions, one with a cold part; `other` and `__tracepoint_there` are of other objects. */
static const char source[] =
	".text\n"
	".globl f\n.type f, @function\n"
	"f:	nop\n1:	nop\n2:	nop\n	call other\n	movb $1, held(%rip)\n	ret\n"
	".size f, . - f\n"
	".type g, @function\n"
	"g:	nop\n3:	call g.cold\n	mov $held, %rax\n	call f\n	ret\n"
	".size g, . - g\n"
	".section .text.unlikely,\"ax\"\n"
	".type g.cold, @function\n"
	"g.cold: nop\n4:	ret\n"
	".size g.cold, . - g.cold\n"
	".data\n.type before, @object\nbefore: .long 0\n.size before, 4\n"
	".type held, @object\nheld: .byte 0\n.size held, 1\n"
	".type key, @object\n.balign 8\nkey: .quad 0\n.size key, 8\n"
	".section __dyndbg,\"aw\"\n.type descriptor, @object\n.balign 8\n"
	"descriptor: .zero 56\n.size descriptor, 56\n"
	".section __jump_table,\"aw\"\n"
	".long 1b - ., 1b - .\n.quad key - . + 2\n"
	".long 2b - ., 2b - .\n.quad descriptor + 40 - .\n"
	".long 4b - ., 4b - .\n.quad __tracepoint_there - .\n"
	".section .static_call_sites,\"aw\"\n"
	".long 3b - ., __SCK__tp_func_there - . + 1\n"
	".section .altinstructions,\"a\"\n"
	".long 1b - ., 5f - .\n.word 1\n.byte 1, 5\n"
	".long 2b - ., 6f - .\n.word 1\n.byte 1, 1\n"
	".section .altinstr_replacement,\"ax\"\n"
	"5:	call other\n6:	nop\n"
	".section .rodata.str1.1,\"aMS\",@progbits,1\n7: .asciz \"include/linux/a.h\"\n"
	"8: .asciz \"a.c\"\n"
	".section __bug_table,\"aw\"\n"
	".long 1b - ., 7b - .\n.word 1, 0\n"
	".long 4b - ., 8b - .\n.word 1, 0\n"
	".section __mcount_loc,\"a\"\n.quad f\n"
	".section __ksymtab_strings,\"a\"\n__ksymtab_f: .byte 0\n"
	".section __novelty,\"a\"\n.quad 1\n";

static GBytes *make_module(const char *directory)
{
	g_autofree char *path = compile(directory, "m.S", source, NULL);

	return files_map(path, NULL);
}

static struct subject *read_subject(const char *directory, GHashTable *only)
{
	g_autoptr(GBytes) bytes = make_module(directory);
	struct subject *subject = subject_new("m", "drivers/m", only);
	g_autoptr(GError) error = NULL;

	assert_true(module_read(subject, bytes, 6001, &error) || error);
	assert_no_error(error);
	return subject;
}

static gboolean bears(const struct subject *subject, guint function, enum census_mark mark)
{
	return g_array_index(subject->functions, struct census_function, function).marks >> mark &
	       1;
}

static void test_each_kind_is_counted(void **state)
{
	static const struct {
		enum census_mark mark;
		guint entries;
		gboolean in_f, in_g;
	} wanted[] = {
		{CENSUS_JUMP, 3, TRUE, TRUE},
		{CENSUS_JUMP_KEY, 1, TRUE, FALSE},
		{CENSUS_JUMP_DYNDBG, 1, TRUE, FALSE},
		{CENSUS_JUMP_TRACEPOINT, 1, FALSE, TRUE},
		{CENSUS_JUMP_OF_SAME, 2, TRUE, FALSE},
		{CENSUS_CALL, 1, FALSE, TRUE},
		{CENSUS_CALL_TRACEPOINT, 1, FALSE, TRUE},
		{CENSUS_ALTERNATIVE, 2, TRUE, FALSE},
		{CENSUS_ALTERNATIVE_ALONE, 1, TRUE, FALSE},
		{CENSUS_BUG, 2, TRUE, TRUE},
		{CENSUS_BUG_HEADER, 1, TRUE, FALSE},
		{CENSUS_MCOUNT, 1, TRUE, FALSE},
		{CENSUS_EXTABLE, 0, FALSE, FALSE},
	};
	AUTO(subject) subject = read_subject(*state, NULL);

	assert_int_equal(subject->functions->len, 2);
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		assert_int_equal(subject->entries[wanted[i].mark], wanted[i].entries);
		assert_int_equal(bears(subject, 0, wanted[i].mark), wanted[i].in_f);
		assert_int_equal(bears(subject, 1, wanted[i].mark), wanted[i].in_g);
	}
	assert_int_equal(subject->unknown->len, 1);
	assert_string_equal(subject->unknown->pdata[0], "__novelty");
	assert_int_equal(GPOINTER_TO_UINT(g_hash_table_lookup(subject->keys, "key")), 1);
}

/* f refers to `held`, by an instruction with an immediate; g to it too, and to f, which is
 * exported. */
static void test_late_references(void **state)
{
	AUTO(subject) subject = read_subject(*state, NULL);

	for (guint i = 0; i < 2; i++)
		assert_int_equal(
			g_array_index(subject->functions, struct census_function, i).references, 1);
	assert_int_equal(subject->entries[CENSUS_LATE], 2);
}

static void test_what_is_elsewhere_waits(void **state)
{
	AUTO(subject) subject = read_subject(*state, NULL);
	guint tracepoints = 0;

	/* The tracepoint's key, the static call's, and what the replacement calls. */
	assert_int_equal(subject->pending->len, 3);
	for (guint i = 0; i < 3; i++)
		tracepoints += !strcmp(g_array_index(subject->pending, struct pending, i).name,
				       "__tracepoint_there");
	assert_int_equal(tracepoints, 1);
	assert_int_equal(subject->entries[CENSUS_JUMP_OF_VMLINUX], 0);
}

static void test_only_what_is_asked_for(void **state)
{
	g_autoptr(GHashTable) only = g_hash_table_new(g_str_hash, g_str_equal);

	g_hash_table_add(only, (gpointer) "g");
	AUTO(subject) subject = read_subject(*state, only);
	assert_int_equal(subject->entries[CENSUS_JUMP], 1);
	assert_int_equal(subject->entries[CENSUS_ALTERNATIVE], 0);
	assert_int_equal(subject->entries[CENSUS_LATE], 1);
	assert_int_equal(subject->pending->len, 2);
}

static void test_half_an_entry_is_refused(void **state)
{
	g_autofree char *path =
		compile(*state, "h.S", ".section __jump_table,\"aw\"\n.zero 20\n", NULL);
	g_autoptr(GBytes) bytes = files_map(path, NULL);
	AUTO(subject) subject = subject_new("h", "other", NULL);
	g_autoptr(GError) error = NULL;

	assert_false(module_read(subject, bytes, 6001, &error));
	assert_error(&error, KLATCH_INPUT, "__jump_table");
}

static void test_immediates_behind_a_field(void **state)
{
	static const struct {
		guint8 code[8]; /* up to the field */
		guint64 field;
		guint behind;
	} cases[] = {
		{{0x48, 0x8b, 0x05}, 3, 0},	  /* mov x(%rip), %rax */
		{{0xc6, 0x05}, 2, 1},		  /* movb $, x(%rip) */
		{{0xc7, 0x05}, 2, 4},		  /* movl $, x(%rip) */
		{{0x66, 0xc7, 0x05}, 3, 2},	  /* movw $, x(%rip) */
		{{0x66, 0x41, 0xc7, 0x05}, 4, 2}, /* the same with a REX prefix */
		{{0x48, 0x83, 0x3d}, 3, 1},	  /* cmpq $, x(%rip) */
		{{0x81, 0x3d}, 2, 4},		  /* cmpl $, x(%rip) */
		{{0xf6, 0x05}, 2, 1},		  /* testb $, x(%rip) */
		{{0xf7, 0x15}, 2, 0},		  /* notl x(%rip) */
		{{0xf0, 0x0f, 0xc1, 0x05}, 4, 0}, /* lock xadd */
		{{0x0f, 0xba, 0x25}, 3, 1},	  /* bt $, x(%rip) */
		{{0x0f, 0x80, 0x3d}, 3, 1},	  /* what came before ended in 0f */
		{{0xe8}, 1, 0},			  /* call */
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_int_equal(x86_bytes_behind(cases[i].code, cases[i].field), cases[i].behind);
}

/* The same file by both readers. */
static void test_view_is_what_the_model_is(void **state)
{
	g_autoptr(GBytes) bytes = make_module(*state);
	g_autoptr(GError) error = NULL;
	AUTO(view) view = view_open(bytes, "m", &error);
	assert_no_error(error);
	AUTO(object) object = object_read_bytes(bytes, "m", &error);
	assert_no_error(error);
	guint relocs = 0, wanted = 0;

	assert_int_equal(view_symbol_count(view), object->symbols->len + 1);
	for (guint i = 0; i < object->symbols->len; i++) {
		const struct symbol *symbol = object_symbol_at(object, i);
		const struct view_symbol *seen = view_symbol(view, i + 1);

		assert_string_equal(seen->name, symbol->name);
		assert_int_equal(seen->value, symbol->value);
		assert_string_equal(view_section(view, seen->section)->name,
				    symbol->section ? symbol->section->name : "");
	}
	for (guint i = 1; i < view_section_count(view); i++) {
		const Elf64_Rela *all;
		gsize count;

		assert_true(view_relocs(view, i, &all, &count, &error));
		relocs += (guint)count;
	}
	for (guint i = 0; i < object->sections->len; i++)
		wanted += object_section_at(object, i)->relocs->len;
	assert_int_equal(relocs, wanted);
	assert_true(relocs > 20);
}

static void test_wrong_command_lines(void **state)
{
	char *lines[][6] = {
		{"census", "something", NULL},
		{"census", "--patches", "d", "--html", "p", NULL},
		{"census", "-k", "6.1.0", NULL},
		{"census", "--patches", "there-is-none", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *output = NULL;

		assert_int_equal(run_command(*state, command_census, lines[i], &output),
				 EXIT_CANNOT);
		assert_non_null(strstr(output, "klatch: "));
	}
}

static void test_trends(void **state)
{
	struct census_group before = {.functions = 100}, after = {.functions = 200};
	static const struct {
		guint64 was, is;
		const char *trend;
	} cases[] = {
		{0, 1, "appeared"}, {1, 0, "vanished"}, {10, 20, NULL},
		{10, 23, "grew"},   {10, 17, "fell"},	{0, 0, NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		before.of[CENSUS_JUMP].entries = cases[i].was;
		after.of[CENSUS_JUMP].entries = cases[i].is;
		const char *trend = census_trend(&before, &after, CENSUS_JUMP);
		assert_int_equal(g_strcmp0(trend, cases[i].trend), 0);
	}
}

static struct census_key *add_key(struct census *census, const char *name)
{
	struct census_key *key = g_new0(struct census_key, 1);

	key->name = g_strdup(name);
	key->entries = 1;
	g_ptr_array_add(census->keys, key);
	return key;
}

static void free_key(gpointer data)
{
	struct census_key *key = data;

	g_free(key->name);
	g_free(key);
}

static void test_keys_of_headers(void **state)
{
	g_autofree char *include = path_in(*state, "include/linux");
	struct census census = {.keys = g_ptr_array_new_with_free_func(free_key)};
	struct census_key *asked = add_key(&census, "asked"), *said = add_key(&census, "said");
	struct census_key *longer = add_key(&census, "ask");
	g_autoptr(GError) error = NULL;
	guint64 all;

	assert_true(files_make_directory(include, NULL));
	write_text(include, "a.h",
		   "DECLARE_STATIC_KEY_FALSE(asked);\nextern struct static_key said;\n"
		   " * said is no longer\n"
		   "static inline int f(void) { return static_branch_unlikely(&asked); }\n");
	assert_true(census_trace_keys(&census, *state, &error) || error);
	assert_no_error(error);
	assert_true(asked->in_header);
	assert_false(said->in_header);
	assert_false(longer->in_header);
	assert_int_equal(census_keys_in_headers(&census, &all), 1);
	assert_int_equal(all, 3);
	g_ptr_array_unref(census.keys);
}

static void test_page_stands_alone(void **state)
{
	struct census census = {
		.release = (char *)"6.1.0<56>",
		.version = (char *)"1",
		.all = {.functions = 10},
		.subsystems = g_ptr_array_new(),
		.sizes = g_ptr_array_new(),
		.unknown = g_ptr_array_new(),
		.keys = g_ptr_array_new(),
	};
	g_autoptr(GPtrArray) censuses = g_ptr_array_new();

	census.all.of[CENSUS_JUMP].functions = 4;
	g_ptr_array_add(censuses, &census);
	g_autofree char *page = census_html(censuses);
	assert_non_null(strstr(page, "<svg"));
	assert_non_null(strstr(page, "40.0 %"));
	assert_non_null(strstr(page, "6.1.0&lt;56&gt;"));
	assert_null(strstr(page, "6.1.0<"));
	assert_null(strstr(page, "http"));
	assert_null(strstr(page, "src="));
	assert_null(strstr(page, "BODY"));
	g_ptr_array_unref(census.subsystems);
	g_ptr_array_unref(census.sizes);
	g_ptr_array_unref(census.unknown);
	g_ptr_array_unref(census.keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_kind_is_counted),
		cmocka_unit_test(test_late_references),
		cmocka_unit_test(test_what_is_elsewhere_waits),
		cmocka_unit_test(test_only_what_is_asked_for),
		cmocka_unit_test(test_half_an_entry_is_refused),
		cmocka_unit_test(test_immediates_behind_a_field),
		cmocka_unit_test(test_view_is_what_the_model_is),
		cmocka_unit_test(test_wrong_command_lines),
		cmocka_unit_test(test_trends),
		cmocka_unit_test(test_keys_of_headers),
		cmocka_unit_test(test_page_stands_alone),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
